-- extend_acw: more time for the after-call work: a new counter from now, never less than what was left.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: acw_extended
--@include user_session
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local refusal = acw_refusal(record, user, allowed)
if refusal then
  return answer(record, refusal)
end
local used, ends = acw_of(record, user)
local service = acw_service(record, user)
local extension = rule(c, service, 'acw_extension_seconds') * 1000
if extension == 0 or used >= rule(c, service, 'acw_extensions') then
  return answer(record, 'refused', 'no_extension')
end
ends = whole(math.max(ends, c.now + extension))
set_acw(c, record, user, used + 1, ends)
log(c, 'acw_extended', { 'task', task, 'user', user, 'via', via, 'acw_until', ends })
finish(c)
return answer(record, 'ok')
