-- open: a conversation begins, once; repeated it changes nothing.
-- keys: root
-- args: tenant, conversation, facts:json, keep:int
-- returns: 1 if it is new, else 0
-- journal: none
--@include clock
--@include chat
local names = chat_names(root, tenant, conversation)
if redis.call('EXISTS', names.facts) == 1 then
  return 0
end
local at = string.format('%.0f', clock_now(root, tenant, 0))
for field, value in pairs(facts) do
  redis.call('HSET', names.facts, field, value)
end
redis.call('HSET', names.facts, 'started', at, 'last', 0, 'public', 0)
if facts.privacy then
  redis.call('HSET', names.facts, 'privacy', at)
end
redis.call('EXPIRE', names.facts, keep)
return 1
