-- set_shown: which picture stands in which activity of Teams; an empty picture forgets the slot.
--   What is shown is not being tried any more (`try_shown`).
-- keys: root
-- args: tenant, conversation, slot, picture, keep:int
-- returns: nothing
-- journal: none
--@include chat
local names = chat_names(root, tenant, conversation)
redis.call('HDEL', names.shown, 'trying:' .. slot)
if picture == '' then
  redis.call('HDEL', names.shown, slot)
else
  redis.call('HSET', names.shown, slot, picture)
  redis.call('EXPIRE', names.shown, keep)
end
