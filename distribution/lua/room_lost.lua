-- room_lost: the room of a talk is gone, or its bot or its agent is out of it for good: the task waits for another agent, and
-- for a new room. `broken` keeps why until one is open: a task that nobody takes over ends with the outcome `error`.
-- keys: root
-- args: tenant, task, why, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: room_lost, requeued, offered, closed, overflowed, waits_on
--@include going_back
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, record.f.broken and 'unchanged' or 'wrong_state')
end
local user, service = record.f.agent, service_of(record)
log(c, 'room_lost', { 'task', task, 'service', service, 'user', user, 'why', why })
note_past(c, record, user, 'failed')
local agent = load_agent(c, user)
if agent then
  release(c, agent, task)
  put_back(c, agent)
end
add_handed_on(record, user, service)
set(record, 'broken', why)
set(record, 'agent', nil)
set(record, 'accepted', nil)
set(record, 'warned', nil)
put(record, 'won', nil)
put(record, 'ends', c.now + rule(c, service, 'queue_seconds') * 1000)
go_back(c, record, why)
finish(c)
return answer(record, 'ok')
