--@include slots
-- settle: follows every consequence of what a call changed. Tasks first (they take the agent who comes first), then agents
-- (they take the task that comes first), then services that came below their limit. Each step only ever makes an offer,
-- so it ends.
local function is_settled(agent)
  return not agent.f.ready and slot_reason(agent) ~= nil
end

-- Defining a function costs in every call, so those that match are defined only where there is something to match.
local function settle(c)
  local stirred = {}
  for _, agent in ipairs(c.stirred) do
    if is_settled(agent) then
      agent.is_stirred = false
    else
      stirred[#stirred + 1] = agent
    end
  end
  c.stirred = stirred
  if #c.seeking + #stirred + #c.slots == 0 then
    return
  end
--@include match
  local function settle_agent(agent)
    agent.is_stirred = false
    local lanes = open_lanes(c, agent)
    if #lanes > 0 and match_agent(c, agent, lanes) then
      lanes = open_lanes(c, agent)
    end
    stand_ready(c, agent, lanes)
  end

  local function settle_task(task)
    task.is_seeking = false
    if task.f.state == 'queued' and not match_task(c, task) and not task.listed then
      join_queue(c, task)
    end
  end

  while true do
    if #c.seeking > 0 then
      settle_task(table.remove(c.seeking, 1))
    elseif #c.stirred > 0 then
      settle_agent(table.remove(c.stirred, 1))
    elseif #c.slots > 0 then
      local service = table.remove(c.slots, 1)
      c.unfinished = match_service(c, service) and service or nil
    else
      return
    end
  end
end
