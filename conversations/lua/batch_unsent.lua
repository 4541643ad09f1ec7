-- batch_unsent: the batch that was handed out did not arrive. `clean`: that is sure, so that nobody need look for it in Teams;
-- `refused`: Teams did not want it; `alone_to`: from now on it is only what comes up to this seq (0: all of it).
-- keys: root
-- args: tenant, conversation, first:int, last:int, clean:int, refused:int, alone_to:int
-- returns: 1, or 0 if it is not the batch on its way
-- journal: none
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'batch_first', 'batch_last')
if tonumber(facts[1]) ~= first or tonumber(facts[2]) ~= last then
  return 0
end
if clean == 1 then
  redis.call('HSET', names.facts, 'batch_clean', 1)
end
if refused == 1 then
  redis.call('HINCRBY', names.facts, 'batch_refused', 1)
end
if alone_to > 0 then
  redis.call('HSET', names.facts, 'batch_last', alone_to)
  redis.call('HDEL', names.facts, 'batch_refused')
end
return 1
