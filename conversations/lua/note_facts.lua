-- note_facts: something about a conversation that exists becomes known. An empty value forgets the field.
-- keys: root
-- args: tenant, conversation, facts:json
-- returns: 1, or 0 if there is no such conversation
-- journal: none
--@include chat
local names = chat_names(root, tenant, conversation)
if redis.call('HEXISTS', names.facts, 'started') == 0 then
  return 0
end
for field, value in pairs(facts) do
  if value == '' then
    redis.call('HDEL', names.facts, field)
  else
    redis.call('HSET', names.facts, field, value)
  end
end
return 1
