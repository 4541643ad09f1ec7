-- opening_failed: the room cannot be opened, for good: the agent is freed, the task waits again.
-- keys: root
-- args: tenant, task, why, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, failed, requeued, offered, closed, overflowed, waits_on
--@include going_back
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
local user = record.f.agent
note_past(c, record, user, 'failed')
log(c, 'failed', { 'task', task, 'service', service_of(record), 'offer', record.f.won, 'user', user, 'why', why })
local agent = load_agent(c, user)
if agent then
  release(c, agent, task)
  put_back(c, agent)
end
set(record, 'agent', nil)
set(record, 'accepted', nil)
put(record, 'won', nil)
go_back(c, record, why)
finish(c)
return answer(record, 'ok')
