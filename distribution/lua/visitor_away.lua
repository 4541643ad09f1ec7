-- visitor_away: one of the visitor's connections closed; the grace time starts when it was the last.
-- keys: root
-- args: tenant, task, connection, allowed, at:int
-- returns: verdict, why, then the task's fields and values
-- journal: visitor_away
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
put(record, 'conns', pairs_text(connections))
local went = #connections == 0 and not record.f.left
if went then
  go_away(c, record, c.now)
end
finish(c)
return answer(record, went and 'ok' or 'unchanged')
