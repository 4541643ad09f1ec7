-- room_breaks: the room of a talk may be lost. The first reason stands until it is settled; every step is taken again.
-- keys: root
-- args: tenant, task, why, keep:int
-- returns: 'noted'
-- journal: none
--@include clock
local note = root .. 'room:' .. tenant .. ':' .. task
if redis.call('HEXISTS', note, 'broken') == 0 then
  redis.call('HSET', note, 'broken', why .. '@' .. string.format('%.0f', clock_now(root, tenant, 0)))
  redis.call('HDEL', note, 'done', 'leaving')
end
redis.call('EXPIRE', note, keep)
return 'noted'
