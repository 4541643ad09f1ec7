-- assign: a supervisor gives a waiting task to this agent: it rings at them at once.
-- keys: root
-- args: tenant, task, user, actor, allowed, at:int
-- returns: verdict, why (what stands against it), the task's fields as JSON (see `answer`)
-- journal: assigned, offered
--@include reasons
--@include finish
local c = begin(root, tenant, at)
local record, agent = load_task(c, task), load_agent(c, user)
if not record then
  return answer(nil, 'no_such_task')
elseif not agent or agent.f.removed then
  return answer(record, 'no_such_agent')
elseif has_word(record.f.invited, user) or (record.f.agent == user and record.f.state ~= 'closed') then
  return answer(record, 'unchanged')
elseif pair_get(agent.f.held, task) then
  return answer(record, 'refused', 'holds_it')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
local service = service_of(record)
local why = string.match(reasons_for(c, agent, service), '^[^,]+')
if not why and service == '' and record.f.user ~= user then
  why = 'not_yours'
elseif not why and service ~= '' and not has_room(c, record) then
  why = 'full'
end
if why then
  return answer(record, 'refused', why)
end
log(c, 'assigned', { 'task', task, 'service', service, 'user', user, 'actor', actor })
make_offer(c, record, { agent })
finish(c)
return answer(record, 'ok')
