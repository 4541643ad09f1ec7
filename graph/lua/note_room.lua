-- note_room: change what is known of a room that is being made; a field given as '' is forgotten.
-- keys: root
-- args: tenant, task, facts:json, keep:int
-- returns: 'noted'
-- journal: none
local note = root .. 'room:' .. tenant .. ':' .. task
for name, value in pairs(facts) do
  if value == '' then
    redis.call('HDEL', note, name)
  else
    redis.call('HSET', note, name, value)
  end
end
redis.call('EXPIRE', note, keep)
return 'noted'
