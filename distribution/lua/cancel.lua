-- cancel: take it away before the talk.
-- keys: root
-- args: tenant, task, actor, why, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: cancelled, closed, withdrawn, offered
--@include closing
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if record.f.state == 'closed' then
  return answer(record, 'unchanged')
elseif record.f.holder or not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
log(c, 'cancelled', { 'task', task, 'state', record.f.state, 'actor', actor, 'why', why })
local by = actor == 'system' and 'system' or 'supervisor'
close_task(c, record, 'cancelled', by, why, by)
finish(c)
return answer(record, 'ok')
