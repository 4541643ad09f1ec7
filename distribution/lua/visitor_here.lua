-- visitor_here: one of the visitor's connections is alive; it counts for 45 s.
-- keys: root
-- args: tenant, task, connection, allowed, at:int
-- returns: verdict, why, then the task's fields and values
-- journal: visitor_back
--@include finish
--@include visitor
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, 'unchanged')
end
local connections = live_connections(c, record)
pair_drop(connections, CREATOR)
pair_drop(connections, connection)
while #connections >= MOST_CONNECTIONS do
  table.remove(connections, 1)
end
pair_put(connections, connection, whole(c.now + CONNECTION_LIVES))
put(record, 'conns', pairs_text(connections))
local was_away = record.f.left
if was_away then
  set(record, 'left', nil)
  log(c, 'visitor_back', { 'task', task, 'state', record.f.state })
end
finish(c)
return answer(record, was_away and 'ok' or 'unchanged')
