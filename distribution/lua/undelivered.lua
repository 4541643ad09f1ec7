-- undelivered: the offer cannot be brought to the agent: it goes back, and they are unreachable until something reaches them.
-- keys: root
-- args: tenant, task, offer, user, why, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, undelivered, unreachable, requeued, offered, closed, overflowed, waits_on
--@include offer_fails
--@include undelivered_offer
--@include finish
local c = begin(root, tenant, at)
local record, verdict, reason, over = undelivered_offer(c, task, offer, user, allowed)
if over then
  local result, _, last_offer = past_of(record, user)
  return answer(record, result == 'undelivered' and last_offer == offer and 'unchanged' or 'gone')
elseif verdict then
  return answer(record, verdict, reason)
end
fail_delivery(c, record, user, why)
finish(c)
return answer(record, 'ok')
