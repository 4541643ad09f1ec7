-- unsent: the offer cannot be delivered because cards reach nobody: it goes back, and nothing is held against the agent.
-- keys: root
-- args: tenant, task, offer, user, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include offer_fails
--@include undelivered_offer
--@include finish
local c = begin(root, tenant, at)
local record, verdict, reason = undelivered_offer(c, task, offer, user, allowed)
if verdict then
  return answer(record, verdict, reason)
end
call_off(c, record, user)
finish(c)
return answer(record, 'ok')
