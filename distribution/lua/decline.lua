-- decline: the agent does not want it: another is asked, with the waiting time the task already has.
-- keys: root
-- args: tenant, task, offer, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, declined, reached, rona_set, requeued, offered, closed, overflowed, waits_on
--@include rona
--@include reach
--@include going_back
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local result, _, last_offer = past_of(record, user)
if result == 'declined' and last_offer == offer then
  return answer(record, 'unchanged')
elseif not allows(allowed, record) or record.f.offer ~= offer then
  return answer(record, 'gone')
elseif not has_word(record.f.invited, user) then
  return answer(record, result and 'gone' or 'not_yours')
end
local agent = load_agent(c, user)
drop_invited(c, record, user, 'declined', via)
put(agent, 'misses', nil)
clear_unreached(c, agent)
if rule(c, service_of(record), 'persistent_rona') == 1 and rule_word(c, service_of(record), 'kind') ~= 'broadcast' then
  flag_rona(c, agent, service_of(record))
end
if_nobody_left(c, record, 'declined')
finish(c)
return answer(record, 'ok')
