-- bind_room: this chat is the conversation's room, the first one for ever. What was said before stands on the opening
-- card; what comes later is relayed. A talk that is over gets no room any more: nobody would empty it.
-- keys: root
-- args: tenant, conversation, chat_id, chat_url, keep:int
-- returns: 'bound', 'other' if another chat is the room, 'over', 'no_conversation'
-- journal: none
--@include bell
--@include due
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'started', 'chat', 'last')
if not facts[1] then
  return 'no_conversation'
end
if facts[2] then
  return facts[2] == chat_id and 'bound' or 'other'
end
if chat_is_over(root, tenant, conversation) then
  return 'over'
end
redis.call('HSET', names.facts, 'chat', chat_id, 'chat_url', chat_url, 'opening', facts[3], 'relayed', facts[3])
redis.call('SET', root .. 'chat:' .. tenant .. ':' .. chat_id, conversation)
chat_keep(root, tenant, names, keep)
due_mark(root, 'relay:' .. tenant .. ':' .. conversation)
bell('conv', tenant, conversation, facts[3])
return 'bound'
