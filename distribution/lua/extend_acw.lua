-- extend_acw: more time for the after-call work: a new counter from now, never less than what was left.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: acw_extended
--@include wraps
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local used, wrap_ends = wrap_of(record, user)
local wraps = used ~= nil
if not wraps and record.f.agent ~= user then
  return answer(record, pair_get(record.f.handed_on, user) and 'wrong_state' or 'not_yours')
elseif not wraps and not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
local service = wraps and pair_get(record.f.handed_on, user) or service_of(record)
used = tonumber(used or record.f.acw_extensions or 0)
local extension = rule(c, service, 'acw_extension_seconds') * 1000
if extension == 0 or used >= rule(c, service, 'acw_extensions') then
  return answer(record, 'refused', 'no_extension')
end
if wraps then
  local agent = load_agent(c, user)
  local ends = whole(math.max(tonumber(wrap_ends), c.now + extension))
  set(agent, 'wraps', pair_put(agent.f.wraps, task, ends))
  set(record, 'wraps', pair_put(record.f.wraps, user, whole(used + 1) .. ':' .. ends))
  log(c, 'acw_extended', { 'task', task, 'user', user, 'via', via, 'acw_until', ends })
  finish(c)
  return answer(record, 'ok')
end
set(record, 'acw_extensions', used + 1)
set(record, 'acw_until', math.max(num(record, 'acw_until'), c.now + extension))
log(c, 'acw_extended', { 'task', task, 'user', user, 'via', via, 'acw_until', record.f.acw_until })
finish_task(c, record)
return answer(record, 'ok')
