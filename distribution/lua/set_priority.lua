-- set_priority: a supervisor lets it wait further in front, or further behind.
-- keys: root
-- args: tenant, task, priority, actor, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: priority
--@include levels
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
elseif (record.f.priority or 'normal') == priority then
  return answer(record, 'unchanged')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
set(record, 'priority', priority ~= 'normal' and priority or nil)
if record.listed then
  leave_queue(c, record)
  enter_queue(c, record)
end
log(c, 'priority', {
  'task', task, 'service', service_of(record), 'priority', priority, 'rank', whole(rank_of(c, record)), 'actor', actor,
})
finish(c)
return answer(record, 'ok')
