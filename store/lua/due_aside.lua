-- due_aside: the subject cannot be brought up to date, now or later: it is set aside for inspection.
-- keys: root
-- args: subject, token
-- returns: 'aside' or 'lost'
-- journal: none
--@include due
--@include due_sort
local state = root .. 'due:' .. subject
if redis.call('HGET', state, 'token') ~= token then
  return 'lost'
end
redis.call('ZREM', root .. 'leases', subject)
redis.call('ZREM', root .. 'due', subject)
due_put_aside(root, due_time(), subject)
return 'aside'
