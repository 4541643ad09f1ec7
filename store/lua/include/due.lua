--@include bell
--@include clock
-- due: subjects whose picture in the outside world must be brought up to date. A mark goes into `due`, whatever it is for, and
-- a claim divides them by class and tenant (`due_sort.lua`). No subject stands in `due` while it is held but one that has been
-- marked since. `leases` says before when a subject is not to be claimed: somebody has it, or the outside asked us to wait.
-- Times are the server's own, also for a tenant whose time is virtual: what is outside lives in real time.
local function due_time()
  return server_time()
end

-- Mark these subjects due at `when` (ms; nil = now). A mark never takes a lease away and never delays what is due earlier.
local function due_mark_all(root, subjects, when)
  local due, leases, at = root .. 'due', root .. 'leases', when or due_time()
  local marks = { 'ZADD', due, 'LT', 'CH' }
  for i = 1, #subjects do
    marks[2 * i + 3], marks[2 * i + 4] = at, subjects[i]
  end
  if redis.call(unpack(marks)) == 0 then
    return
  end
  -- Whatever has a lease and stands there now, stands there too early.
  local ends, held = redis.call('ZMSCORE', leases, unpack(subjects)), 0
  for i = 1, #subjects do
    if ends[i] then
      held = held + 1
      redis.call('ZADD', due, ends[i], subjects[i])
    end
  end
  if held < #subjects and not memo.due_rung then
    memo.due_rung = true
    bell('due', '-', '-', 0)
  end
end

local function due_mark(root, subject, when)
  due_mark_all(root, { subject }, when)
end

-- These cards, marked in the same call, bring an offer: until they are done, they are of that class and not of the cards'.
local function due_offers(root, subjects)
  redis.call('SADD', root .. 'due-offers', unpack(subjects))
end
