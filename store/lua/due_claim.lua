-- due_claim: a worker takes what is due, at most `limit` subjects, and holds each until its lease ends.
-- keys: root
-- args: token, limit:int, lease:int
-- returns: {instant of the next subject (ms, '' if there is none), now (ms), subject, tries, subject, …}
-- journal: none
--@include due
local now = due_time()
local due, leases = root .. 'due', root .. 'leases'
local out = { '', string.format('%.0f', now) }

local function take(subject)
  redis.call('ZADD', leases, now + lease, subject)
  redis.call('ZREM', due, subject)
  local state = root .. 'due:' .. subject
  redis.call('HSET', state, 'token', token)
  out[#out + 1] = subject
  out[#out + 1] = redis.call('HGET', state, 'tries') or '0'
end

if limit > 0 then
  -- Whose worker has died, or whose wait is over.
  local ended = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit)
  for _, subject in ipairs(ended) do
    take(subject)
  end
  for _, subject in ipairs(redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit - #ended)) do
    local ends = redis.call('ZSCORE', leases, subject)
    if ends then
      -- Marked while somebody had it, who has it longer than he said then.
      redis.call('ZADD', due, ends, subject)
    else
      take(subject)
    end
  end
end
for _, key in ipairs({ due, leases }) do
  local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if head[2] and (out[1] == '' or tonumber(head[2]) < tonumber(out[1])) then
    out[1] = string.format('%.0f', head[2])
  end
end
return out
