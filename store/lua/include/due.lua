--@include bell
-- due: subjects whose picture in the outside world must be brought up to date. Times are the server's own, also for a
-- tenant whose time is virtual: what is outside lives in real time.
-- What one call of a script knows already: these locals live as long as the call, and every `redis.call` costs.
local due_at = nil
local due_rung = false

local function due_time()
  if not due_at then
    local time = redis.call('TIME')
    due_at = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return due_at
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
  if redis.call('ZADD', root .. 'due', 'LT', 'CH', string.format('%.0f', at), subject) == 1
    and not due_rung then
    due_rung = true
    bell(root, 'due', '-', '-', 0)
  end
end
