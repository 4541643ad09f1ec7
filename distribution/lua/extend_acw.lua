-- extend_acw: more time for the after-call work: a new counter from now, never less than what was left.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why, fields and values of the task in one string (see answer)
-- journal: acw_extended
--@include write
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if record.f.agent ~= user then
  return answer(record, 'not_yours')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
local used = num(record, 'acw_extensions') or 0
local extension = rule(c, service_of(record), 'acw_extension_seconds') * 1000
if extension == 0 or used >= rule(c, service_of(record), 'acw_extensions') then
  return answer(record, 'refused', 'no_extension')
end
set(record, 'acw_extensions', used + 1)
set(record, 'acw_until', math.max(num(record, 'acw_until'), c.now + extension))
log(c, 'acw_extended', { 'task', task, 'user', user, 'via', via, 'acw_until', record.f.acw_until })
finish_task(c, record)
return answer(record, 'ok')
