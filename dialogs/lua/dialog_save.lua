-- dialog_save: where the bot stands in an agent's personal chat, if nobody was quicker.
-- keys: root
-- args: tenant, user, before, tag, state
-- returns: 1, or 0 when the stored tag is another than `before` ('' = nothing is stored)
-- journal: none
local name = root .. 'dialog:' .. tenant .. ':' .. user
if (redis.call('HGET', name, 'tag') or '') ~= before then
  return 0
end
redis.call('HSET', name, 'tag', tag, 'state', state)
return 1
