--@include eligible
--@include going_back
-- lost: an agent who can no longer answer the offer that rings at him.
local function withdraw_if_lost(c, agent)
  for _, entry in ipairs(pairs_of(agent.f.held)) do
    if entry[2] == 'ringing' then
      local task = load_task(c, entry[1])
      if task and is_lost(c, agent, service_of(task)) then
        drop_invited(c, task, agent.user, 'withdrawn', 'agent_lost')
        if_nobody_left(c, task, 'withdrawn')
      end
    end
  end
end
