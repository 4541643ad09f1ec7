-- look_again: what people were shown of an open task may be newer than the task is: a replica took over without the last
-- writes. Everything that shows it is due.
-- keys: root
-- args: tenant, task
-- returns: 1, or 0 for a task that is closed or was never heard of
-- journal: -
--@include write
local c = begin(root, tenant, 0)
local record = load_task(c, task)
if not record or record.f.state == 'closed' then
  return 0
end
mark_effects(c, record)
local id = tenant .. ':' .. task
if record.f.won then
  due_mark(root, 'room:' .. id)
end
if record.f.state == 'arriving' then
  due_mark(root, 'arrival:' .. id)
end
bell('task', tenant, task, record.f.rev)
return 1
