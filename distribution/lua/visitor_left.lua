-- visitor_left: the visitor said that they leave.
-- keys: root
-- args: tenant, task, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, ended, closed, withdrawn, offered
--@include closing
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, 'unchanged')
end
visitor_gone(c, record, 'handled', 'visitor_left', 'visitor')
finish(c)
return answer(record, 'ok')
