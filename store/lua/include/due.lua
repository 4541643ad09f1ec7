--@include bell
--@include clock
-- due: subjects whose picture in the outside world must be brought up to date. Times are the server's own, also for a
-- tenant whose time is virtual: what is outside lives in real time.
local function due_time()
  return server_time()
end

-- Mark `subject` due at `when` (ms; nil = now). A mark never takes a lease away and never delays what is due earlier.
local function due_mark(root, subject, when)
  local state = root .. 'due:' .. subject
  local at = when or due_time()
  -- The first mark since it was settled: nobody has it, and nothing holds it.
  if redis.call('HINCRBY', state, 'rev', 1) > 1 then
    local kept = redis.call('HMGET', state, 'token', 'hold')
    if kept[1] then
      return
    end
    at = math.max(at, tonumber(kept[2]) or 0)
  end
  if redis.call('ZADD', root .. 'due', 'LT', 'CH', string.format('%.0f', at), subject) == 1 and not memo.due_rung then
    memo.due_rung = true
    bell('due', '-', '-', 0)
  end
end
