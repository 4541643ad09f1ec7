-- undelivered: the offer cannot be brought to him: it goes back, and he is unreachable until something reaches him.
-- keys: root
-- args: tenant, task, offer, user, why, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, undelivered, unreachable, requeued, offered, closed, overflowed, waits_on
--@include eligible
--@include offer_fails
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) or record.f.offer ~= offer then
  local result, _, last_offer = past_of(record, user)
  return answer(record, result == 'undelivered' and last_offer == offer and 'unchanged' or 'gone')
elseif not has_word(record.f.invited, user) then
  return answer(record, past_of(record, user) and 'gone' or 'not_yours')
elseif has_word(record.f.delivered, user) then
  return answer(record, 'unchanged', 'delivered')
end
local agent = load_agent(c, user)
if agent and open_surfaces(c, agent) > 0 then
  return answer(record, 'unchanged', 'open_surface')
end
fail_delivery(c, record, user, why)
finish(c)
return answer(record, 'ok')
