-- due_retry: the subject could not be brought up to date and is tried again `after` ms from now. With `hold` = 1 a mark
-- does not bring that forward (somebody outside asked us to wait).
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
-- The process that has it comes back by itself. The others need to hear only of what they could take at once.
if after == 0 then
  bell('due', '-', '-', 0)
end
return 'later'
