-- room_asked: Graph is going to be asked for a room. Written first, so that a lost answer leads to a search and not to a
-- second room.
-- keys: root
-- args: tenant, task, agent, keep:int
-- returns: 'noted'
-- journal: none
--@include clock
local note = root .. 'room:' .. tenant .. ':' .. task
redis.call('HSET', note, 'asked', string.format('%.0f', clock_now(root, tenant, 0)), 'agent', agent)
redis.call('EXPIRE', note, keep)
return 'noted'
