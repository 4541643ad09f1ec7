-- batch_sent: Teams has the batch; the cursor moves behind it, once. `failed`: messages in it that Teams refused for good, by seq;
-- `late`: the visitor was told that it is not there yet.
-- keys: root
-- args: tenant, conversation, first:int, last:int, activity, failed, late:int, keep:int
-- returns: 1, or 0 if it is not the batch on its way (it was noted before)
-- journal: none
--@include bell
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'batch_first', 'batch_last', 'failed')
if tonumber(facts[1]) ~= first or tonumber(facts[2]) ~= last then
  return 0
end
redis.call('HSET', names.facts, 'relayed', last)
redis.call('HDEL', names.facts, 'batch_first', 'batch_last', 'batch_at', 'batch_clean', 'batch_refused')
if failed ~= '' then
  redis.call('HSET', names.facts, 'failed', facts[3] and facts[3] .. ' ' .. failed or failed)
end
if failed ~= '' or late == 1 then
  bell('conv', tenant, conversation, last)
end
redis.call('HSET', names.sent, last, activity)
redis.call('EXPIRE', names.sent, keep)
return 1
