-- due_renew: a worker that is still busy keeps its leases for `lease` ms from now.
-- keys: root
-- args: leases:json, lease:int
-- returns: the subjects with lost leases (array); `leases` is {subject: token}
-- journal: none
--@include due
local lost = {}
local ends = due_time() + lease
for subject, token in pairs(leases) do
  if redis.call('HGET', root .. 'due:' .. subject, 'token') == token then
    redis.call('ZADD', root .. 'leases', 'XX', ends, subject)
  else
    lost[#lost + 1] = subject
  end
end
return lost
