-- queue: the workflow is over: wait for an agent, or be offered to one at once.
-- keys: root
-- args: tenant, task, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: queued, offered, overflowed, closed, waits_on
--@include overflow
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, record.f.state == 'closed' and 'wrong_state' or 'unchanged')
end
log(c, 'queued', { 'task', task, 'service', service_of(record) })
begin_waiting(c, record)
finish(c)
return answer(record, 'ok')
