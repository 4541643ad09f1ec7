-- room_note: what is known of a room that is being made, and how long ago Graph was asked for it.
-- keys: root
-- args: tenant, task
-- returns: {ms since it was asked for or '', chat, url, agent, '1' if an earlier chat was deleted, the room it replaces or '', steps done,
-- who is to be taken out, why there will be no room,
-- why it may be lost, ms since that is known or ''}
-- journal: none
--@include clock
local facts = redis.call('HMGET', root .. 'room:' .. tenant .. ':' .. task, 'asked', 'chat', 'url', 'agent', 'lost', 'moves',
  'done', 'leaving', 'failing', 'broken')
local since = ''
if facts[1] then
  since = string.format('%.0f', math.max(0, clock_now(root, tenant, 0) - tonumber(facts[1])))
end
local broken, at = string.match(facts[10] or '', '^(.*)@(%d+)$')
local broken_since = ''
if at then
  broken_since = string.format('%.0f', math.max(0, clock_now(root, tenant, 0) - tonumber(at)))
end
return { since, facts[2] or '', facts[3] or '', facts[4] or '', facts[5] or '', facts[6] or '', facts[7] or '',
  facts[8] or '', facts[9] or '', broken or '', broken_since }
