--@include bell
-- due: subjects whose picture in the outside world must be brought up to date. Times are the server's own, also for a
-- tenant whose time is virtual: what is outside lives in real time.
local function due_time()
  if not memo.due_time then
    local time = redis.call('TIME')
    memo.due_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return memo.due_time
end

-- Mark `subject` due at `when` (ms; nil = now). A mark never takes a lease away and never delays what is due earlier.
local function due_mark(root, subject, when)
  local state = root .. 'due:' .. subject
  redis.call('HINCRBY', state, 'rev', 1)
  local kept = redis.call('HMGET', state, 'token', 'hold')
  if kept[1] then
    return
  end
  local at = math.max(when or due_time(), tonumber(kept[2]) or 0)
  if redis.call('ZADD', root .. 'due', 'LT', 'CH', string.format('%.0f', at), subject) == 1 and not memo.due_rung then
    memo.due_rung = true
    bell(root, 'due', '-', '-', 0)
  end
end
