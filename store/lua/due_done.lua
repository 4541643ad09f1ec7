-- due_done: the handler has ended. If the subject was marked since the claim, it is due at once. A worker that had lost
-- its
-- lease may have overwritten a newer state with an older one, so the subject is due again.
-- keys: root
-- args: subject, token
-- returns: 'done', 'newer' or 'lost'
-- journal: none
--@include due
local state = root .. 'due:' .. subject
if redis.call('HGET', state, 'token') ~= token then
  due_mark(root, subject)
  return 'lost'
end
redis.call('DEL', state)
redis.call('ZREM', root .. 'leases', subject)
if redis.call('ZSCORE', root .. 'due', subject) then
  due_mark(root, subject)
  return 'newer'
end
redis.call('SREM', root .. 'due-offers', subject)
return 'done'
