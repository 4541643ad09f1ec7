--@include eligible
--@include going_back
-- lost: an agent who will not answer the offer that rings at him. Only a reading that says Offline counts: a page that is
-- reloaded, and vouched for him, takes nothing away.
local function is_lost(c, agent, service)
  return agent.f.duty ~= '1' or agent.f.unavailable ~= nil or standing_reason(agent, service) ~= nil
    or (agent.f.presence == 'Offline' and presence_now(c, agent) == 'Offline')
end

local function withdraw_if_lost(c, agent)
  for id, state in string.gmatch(agent.f.held or '', PAIR) do
    local task = state == 'ringing' and load_task(c, id)
    if task and is_lost(c, agent, service_of(task)) then
      drop_invited(c, task, agent.user, 'withdrawn', 'agent_lost')
      if_nobody_left(c, task, 'withdrawn')
    end
  end
end
