-- batch_sent: Teams has the batch; the cursor moves behind it, once.
-- keys: root
-- args: tenant, conversation, first:int, last:int, activity, keep:int
-- returns: 1, or 0 if it is not the batch on its way (it was noted before)
-- journal: none
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'batch_first', 'batch_last')
if tonumber(facts[1]) ~= first or tonumber(facts[2]) ~= last then
  return 0
end
redis.call('HSET', names.facts, 'relayed', last)
redis.call('HDEL', names.facts, 'batch_first', 'batch_last')
redis.call('HSET', names.sent, last, activity)
redis.call('EXPIRE', names.sent, keep)
return 1
