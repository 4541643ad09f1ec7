--@include bell
--@include clock
-- due: subjects whose picture in the outside world must be brought up to date. Whoever claims one takes it out of the due set,
-- so that a subject that stands there again has been marked since. `leases` says before when a subject is not to be claimed:
-- somebody has it, or the outside asked us to wait. Times are the server's own, also for a tenant whose time is virtual: what
-- is outside lives in real time.
local function due_time()
  return server_time()
end

-- Mark `subject` due at `when` (ms; nil = now). A mark never takes a lease away and never delays what is due earlier.
local function due_mark(root, subject, when)
  local due = root .. 'due'
  if redis.call('ZADD', due, 'LT', 'CH', when or due_time(), subject) == 0 then
    return
  end
  local ends = redis.call('ZSCORE', root .. 'leases', subject)
  if ends then
    redis.call('ZADD', due, ends, subject)
  elseif not memo.due_rung then
    memo.due_rung = true
    bell('due', '-', '-', 0)
  end
end
