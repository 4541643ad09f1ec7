-- try_shown: a picture is about to be sent to a slot. Until it is noted as shown, or forgotten, Teams may have it already.
-- keys: root
-- args: tenant, conversation, slot, conversation_ref, keep:int
-- returns: the instant (ms) of the first try in this chat of Teams, 0 if this is it
-- journal: none
--@include clock
--@include chat
local names = chat_names(root, tenant, conversation)
local field = 'trying:' .. slot
local before = redis.call('HGET', names.shown, field)
if before then
  local ref, _, at = unpack(cjson.decode(before))
  if ref == conversation_ref then
    return tonumber(string.match(at, '^%d+'))
  end
end
-- The bar keeps the instant when `doubt_shown` forgets what pictures show.
local at = string.format('%.0f|', clock_now(root, tenant, 0))
redis.call('HSET', names.shown, field, cjson.encode({ conversation_ref, '', at }))
redis.call('EXPIRE', names.shown, keep)
return 0
