-- position: how many are before it, itself included.
-- keys: root
-- args: tenant, task
-- returns: 1 for the next one, 0 when it does not wait
-- journal: -
local fields = redis.call('HMGET', root .. 'task:' .. tenant .. ':' .. task, 'state', 'service', 'user')
if fields[1] ~= 'queued' then
  return 0
end
local lane = fields[2] or '@' .. fields[3]
local rank = redis.call('ZRANK', root .. 'queue:' .. tenant .. ':' .. lane, task)
return rank and rank + 1 or 0
