-- create: a visitor wants to talk: a new task, with its arrival due, or queued at once where there is no workflow.
-- keys: root
-- args: tenant, task, service, user, customer, priority, preferred, workflow:int, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: created, offered, overflowed, closed, waits_on
--@include visitor
--@include overflow
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if record then
  return answer(record, 'unchanged')
end
if redis.call('GET', root .. 'im:' .. tenant) ~= '1' then
  return answer(nil, 'refused', 'im_off')
end
look_up(c, service, {
  'kind', 'removed', 'im_enabled', 'licensed', 'concurrent', 'deliver_seconds', 'queue_seconds', 'priority',
  'age_every_seconds', 'levels', 'queue_limit', 'hours', 'hours_end', 'idle_warn_seconds', 'idle_seconds', 'stale_seconds',
  'sweeps', 'sweep_quiet_seconds',
})
if service ~= '' then
  if not rule_word(c, service, 'kind') or rule_word(c, service, 'removed') then
    return answer(nil, 'no_such_service')
  end
elseif not rule_word(c, '', 'kind') then
  return answer(nil, 'no_such_service', 'direct')
else
  local agent = load_agent(c, user)
  if not agent or agent.f.removed then
    return answer(nil, 'no_such_agent')
  elseif agent.f.licensed ~= '1' or agent.f.direct ~= '1' then
    return answer(nil, 'refused', 'not_licensed')
  end
end
if rule(c, service, 'im_enabled') == 0 then
  return answer(nil, 'refused', 'im_off')
elseif service ~= '' and rule(c, service, 'licensed') == 0 then
  return answer(nil, 'refused', 'not_licensed')
end
record = { key = key_of(c, 'task', task), id = task, f = {}, changed = {} }
c.tasks[task] = record
set(record, 'service', service)
set(record, 'user', user)
set(record, 'customer', customer)
set(record, 'created', c.now)
set(record, 'since', c.now)
-- Their first message creates the task.
put(record, 'unanswered', c.now)
if priority == '' then
  priority = rule_word(c, service, 'priority')
end
set(record, 'priority', priority ~= 'normal' and priority or nil)
set(record, 'preferred', preferred)
keep_connection(c, record, CREATOR, c.now + CONNECTION_LIVES)
log(c, 'created', {
  'task', task, 'service', service, 'user', user, 'workflow', workflow, 'priority', priority or 'normal',
  'preferred', preferred,
})
if workflow == 1 then
  set(record, 'state', 'arriving')
else
  begin_waiting(c, record)
end
finish(c)
return answer(record, 'ok')
