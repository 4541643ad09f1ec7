-- visitor_here: one of the visitor's connections is alive; it counts for 45 s.
-- keys: root
-- args: tenant, task, connection, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: visitor_back
--@include visitor
--@include write
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, 'unchanged')
end
keep_connection(c, record, connection, c.now + CONNECTION_LIVES)
local was_away = record.f.left
if was_away then
  set(record, 'left', nil)
  log(c, 'visitor_back', { 'task', task, 'state', record.f.state })
end
finish_task(c, record)
return answer(record, was_away and 'ok' or 'unchanged')
