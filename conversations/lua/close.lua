-- close: no more messages, for ever. The transcript lives on for its time.
-- keys: root
-- args: tenant, conversation, keep:int
-- returns: 1 if it was open, else 0
-- journal: none
--@include clock
--@include bell
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'started', 'closed', 'last')
if not facts[1] or facts[2] then
  return 0
end
redis.call('HSET', names.facts, 'closed', string.format('%.0f', clock_now(root, tenant, 0)))
redis.call('DEL', names.early)
chat_keep(root, tenant, names, keep)
bell('conv', tenant, conversation, facts[3])
return 1
