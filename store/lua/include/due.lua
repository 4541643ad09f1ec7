--@include bell
--@include clock
-- due: subjects whose external state must be brought up to date. A mark goes into `due`, whatever its class; a claim
-- divides
-- the marks by class and tenant (`due_sort.lua`). A held subject is in `due` only if it was marked since the claim.
-- `leases`
-- says before when a subject must not be claimed: a worker holds it, or an outside service asked us to wait.
-- Times are the server's own, also for a tenant with virtual time: outside services use real time.
local function due_time()
  return server_time()
end

-- Mark these subjects due at `when` (ms; nil = now). A mark never removes a lease and never delays an earlier one.
local function due_mark_all(root, subjects, when)
  local due, leases, at = root .. 'due', root .. 'leases', when or due_time()
  local marks = { 'ZADD', due, 'LT', 'CH' }
  for i = 1, #subjects do
    marks[2 * i + 3], marks[2 * i + 4] = at, subjects[i]
  end
  if redis.call(unpack(marks)) == 0 then
    return
  end
  -- A leased subject is not due before its lease ends.
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

-- These cards, marked in the same call, deliver an offer: until they are done they are of the class `offer`.
local function due_offers(root, subjects)
  redis.call('SADD', root .. 'due-offers', unpack(subjects))
end
