--@include unit
-- slots: what an agent holds. A task is `ringing`, then `talk` (connecting, active), then `acw`; each has a slot.

-- ringing, connected or acw, if his slots forbid another task. One offer at a time, whatever his capacity is.
local function slot_reason(agent)
  local held, reason = agent.held, 'acw'
  for i = 1, #held do
    if held[i][2] == 'ringing' then
      return 'ringing'
    elseif held[i][2] == 'talk' then
      reason = 'connected'
    end
  end
  return #held >= (num(agent, 'capacity') or 1) and reason or nil
end

local function hold(c, agent, task, state)
  pair_put(agent.held, task, state)
  set(agent, 'held', pairs_text(agent.held))
  stir(c, agent)
end

-- The slot is free again. A task that he had accepted makes him idle from now.
local function release(c, agent, task)
  local state = pair_drop(agent.held, task)
  if not state then
    return
  end
  set(agent, 'held', pairs_text(agent.held))
  if state ~= 'ringing' then
    put(agent, 'idle_since', c.now)
  end
  agent.moved = true
  stir(c, agent)
end

-- To the end of the order, in every policy.
local function put_back(c, agent)
  put(agent, 'put_back', c.now)
  agent.moved = true
end
