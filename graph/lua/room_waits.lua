-- room_waits: the room cannot be opened at present. Counted for the pauses between attempts; the journal says why, once
-- for each reason in a row.
-- keys: root
-- args: tenant, task, why, keep:int
-- returns: how many attempts in a row have failed for this reason
-- journal: room_waits
--@include clock
--@include journal
local note = root .. 'room:' .. tenant .. ':' .. task
if redis.call('HGET', note, 'why') ~= why then
  redis.call('HSET', note, 'why', why, 'fails', 0)
  journal(root, tenant, clock_now(root, tenant, 0), 'room_waits', { 'task', task, 'why', why })
end
local fails = redis.call('HINCRBY', note, 'fails', 1)
redis.call('EXPIRE', note, keep)
return fails
