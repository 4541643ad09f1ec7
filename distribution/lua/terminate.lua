-- terminate: end it, from everywhere, as often as anybody likes.
-- keys: root
-- args: tenant, task, by, actor, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, terminated, ended, closed, withdrawn, offered
--@include closing
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if by == 'agent' and (record.f.holder or record.f.agent) ~= actor then
  return answer(record, 'not_yours')
elseif not allows(allowed, record) then
  return answer(record, 'unchanged')
end
if by ~= 'agent' and by ~= 'visitor' then
  log(c, 'terminated', { 'task', task, 'by', by, 'actor', actor, 'via', via })
end
if by == 'visitor' then
  visitor_gone(c, record, 'handled', 'visitor_left', via)
else
  end_task(c, record, by, 'terminated', via)
end
finish(c)
return answer(record, 'ok')
