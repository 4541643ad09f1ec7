-- move_room: the conversation goes on in another chat, with another agent. What was said up to now stands on the opening card
-- there; a batch that is on its way to the old room is part of it.
-- keys: root
-- args: tenant, conversation, before, chat_id, chat_url, agent, keep:int
-- returns: 'bound', 'other' if it was not in `before` any more, 'over'
-- journal: none
--@include bell
--@include due
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'chat', 'last', 'left')
if facts[1] ~= before then
  return facts[1] == chat_id and 'bound' or 'other'
end
if chat_is_over(root, tenant, conversation) then
  return 'over'
end
local left = facts[3] and facts[3] .. ' ' .. before or before
redis.call(
  'HSET', names.facts, 'chat', chat_id, 'chat_url', chat_url, 'opening', facts[2], 'relayed', facts[2], 'left', left
)
redis.call('HDEL', names.facts, 'batch_first', 'batch_last', 'batch_at', 'batch_clean', 'batch_refused')
redis.call('SET', root .. 'chat:' .. tenant .. ':' .. chat_id, conversation)
chat_keep(root, tenant, names, keep)
local id = tenant .. ':' .. conversation
due_mark(root, 'relay:' .. id)
due_mark(root, 'card:' .. id .. ':' .. agent)
bell('conv', tenant, conversation, facts[2])
bell('task', tenant, conversation, redis.call('HGET', root .. 'task:' .. id, 'rev') or '0')
return 'bound'
