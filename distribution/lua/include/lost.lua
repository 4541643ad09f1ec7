--@include eligible
--@include going_back
-- lost: an agent who will not answer the offer that rings at them. Only a reading that says Offline or Deleted counts: a page
-- that is reloaded, and vouched for them, takes nothing away.
local function is_lost(c, agent, task)
  local standing = nil
  -- Who is meant by name need be no member of the service; see `transfer`.
  if task.f.transfer_to ~= '@' .. agent.user then
    standing = standing_reason(agent, service_of(task))
  elseif agent.f.licensed ~= '1' then
    standing = 'not_licensed'
  end
  return agent.f.duty ~= '1' or agent.f.unavailable ~= nil or standing ~= nil
    or (OFF[agent.f.presence or ''] and OFF[presence_now(c, agent)]) == true
end

-- Their talk waits for another agent, with the waiting time that it already has and a queue time of its own.
local function lose_talk(c, agent, task)
  log(c, 'agent_lost', { 'task', task.id, 'service', service_of(task), 'user', agent.user, 'why', 'offline' })
  note_past(c, task, agent.user, 'withdrawn')
  release(c, agent, task.id)
  add_handed_on(task, agent.user, service_of(task))
  set(task, 'agent', nil)
  set(task, 'accepted', nil)
  set(task, 'warned', nil)
  put(task, 'won', nil)
  put(task, 'ends', c.now + rule(c, service_of(task), 'queue_seconds') * 1000)
  go_back(c, task, 'agent_lost')
end

local function lose_talks(c, agent)
  for id, state in string.gmatch(agent.f.held or '', PAIR) do
    local task = state == 'talk' and load_task(c, id)
    local at = task and lost_at(c, agent, task)
    if at and c.now >= at then
      lose_talk(c, agent, task)
    end
  end
end

local function withdraw_if_lost(c, agent)
  for id, state in string.gmatch(agent.f.held or '', PAIR) do
    local task = state == 'ringing' and load_task(c, id)
    if task and is_lost(c, agent, task) then
      drop_invited(c, task, agent.user, 'withdrawn', 'agent_lost')
      if_nobody_left(c, task, 'withdrawn')
    end
  end
end
