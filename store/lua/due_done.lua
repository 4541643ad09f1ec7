-- due_done: the outside shows what `revision` was. Anything newer is due at once. A worker that had lost its lease may
-- have painted an old picture over a newer one, so that the subject is due again.
-- keys: root
-- args: subject, token, revision:int
-- returns: 'done', 'newer' or 'lost'
-- journal: none
--@include due
local state = root .. 'due:' .. subject
local kept = redis.call('HMGET', state, 'token', 'rev')
if kept[1] ~= token then
  due_mark(root, subject)
  return 'lost'
end
if tonumber(kept[2] or 0) == revision then
  redis.call('DEL', state)
  redis.call('ZREM', root .. 'due', subject)
  return 'done'
end
redis.call('HDEL', state, 'token', 'tries')
redis.call('ZADD', root .. 'due', due_time(), subject)
bell('due', '-', '-', 0)
return 'newer'
