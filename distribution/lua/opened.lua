-- opened: the room is open: they talk. Who handed the talk on is out of it.
-- keys: root
-- args: tenant, task, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: opened, handed_on, offered
--@include transfer
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if record.f.state == 'active' then
  return answer(record, 'unchanged')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
set(record, 'state', 'active')
set(record, 'active', c.now)
put(record, 'opening_fails', nil)
put(record, 'opening_why', nil)
set(record, 'broken', nil)
log(c, 'opened', { 'task', task, 'service', service_of(record), 'user', record.f.agent })
local handed_over = record.f.holder ~= nil
if handed_over then
  hand_over(c, record)
end
take_up_entries(record, record.f.agent)
if handed_over then
  finish(c)
else
  finish_task(c, record)
end
return answer(record, 'ok')
