--@include unit
-- slots: what an agent holds. A task is `ringing`, then `talk` (connecting, active), then `acw`; each has a slot.

-- ringing, connected or acw, if their slots forbid another task. One offer at a time, whatever their capacity is.
local function slot_reason(agent)
  local held = agent.f.held
  if not held then
    return nil
  elseif string.find(held, '=ringing', 1, true) then
    return 'ringing'
  end
  local _, count = string.gsub(held, '=', '')
  if count < (num(agent, 'capacity') or 1) then
    return nil
  end
  return string.find(held, '=talk', 1, true) and 'connected' or 'acw'
end

local function hold(c, agent, task, state)
  set(agent, 'held', pair_put(agent.f.held, task, state))
  stir(c, agent)
end

-- The slot is free again. A task that they had accepted makes them idle from now.
local function release(c, agent, task)
  local held, state = drop(agent.f.held, task)
  if not state then
    return
  end
  set(agent, 'held', held)
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
