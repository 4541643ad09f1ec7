-- intend_room: a room is going to be asked for. The first intent stands, so that after a crash the same room is looked for.
-- keys: root
-- args: tenant, conversation, topic
-- returns: {topic, instant of the intent (ms), chat id, chat url}, or {} if there is no such conversation
-- journal: none
--@include clock
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'started', 'topic', 'topic_at', 'chat', 'chat_url')
if not facts[1] then
  return {}
end
if facts[2] then
  return { facts[2], facts[3], facts[4] or '', facts[5] or '' }
end
local at = string.format('%.0f', clock_now(root, tenant, 0))
redis.call('HSET', names.facts, 'topic', topic, 'topic_at', at)
return { topic, at, '', '' }
