-- due_claim: a worker takes what is due, at most `limit` subjects, and holds each until its lease ends.
-- keys: root
-- args: token, limit:int, lease:int
-- returns: {instant of the next subject (ms, '' if there is none), now (ms), subject, revision, tries, subject, …}
-- journal: none
--@include due
local now = due_time()
local due = root .. 'due'
local out = { '', string.format('%.0f', now) }
if limit > 0 then
  for _, subject in ipairs(redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)) do
    local state = root .. 'due:' .. subject
    redis.call('ZADD', due, now + lease, subject)
    redis.call('HSET', state, 'token', token)
    redis.call('HDEL', state, 'hold')
    local kept = redis.call('HMGET', state, 'rev', 'tries')
    out[#out + 1] = subject
    out[#out + 1] = kept[1] or '0'
    out[#out + 1] = kept[2] or '0'
  end
end
local head = redis.call('ZRANGE', due, 0, 0, 'WITHSCORES')
if head[2] then
  out[1] = string.format('%.0f', head[2])
end
return out
