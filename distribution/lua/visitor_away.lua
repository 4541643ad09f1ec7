-- visitor_away: one of the visitor's connections closed; the grace time starts when it was the last.
-- keys: root
-- args: tenant, task, connection, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: visitor_away
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
local went = not keep_connection(c, record, connection, nil) and not record.f.left
if went then
  go_away(c, record, c.now)
end
finish_task(c, record)
return answer(record, went and 'ok' or 'unchanged')
