-- due_retry: the handler failed; the subject is tried again `after` ms from now. With `hold` = 1 a mark does not bring
-- that
-- forward (an outside service asked us to wait).
-- keys: root
-- args: subject, token, after:int, hold:int
-- returns: 'later' or 'lost'
-- journal: none
--@include due
local state = root .. 'due:' .. subject
if redis.call('HGET', state, 'token') ~= token then
  due_mark(root, subject)
  return 'lost'
end
local at = due_time() + after
redis.call('HDEL', state, 'token')
if hold == 1 then
  redis.call('ZADD', root .. 'leases', at, subject)
else
  redis.call('HINCRBY', state, 'tries', 1)
  redis.call('ZREM', root .. 'leases', subject)
  redis.call('ZADD', root .. 'due', at, subject)
end
-- This process retries by itself. The others need a signal only for a subject that they could claim at once.
if after == 0 then
  bell('due', '-', '-', 0)
end
return 'later'
