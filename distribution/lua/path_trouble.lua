-- path_trouble: something could not be sent, and it may not be the receiver's fault. A fault that is the same for everybody
-- (`sure`) brings the path down; of any other one a probe tells. While the path is down, `subject` waits for it.
-- keys: root
-- args: tenant, subject, why, sure:int, at:int
-- returns: 'down' (the subject is marked as due when the path is there again), 'up' (something has arrived a moment ago: it is
--   the receiver's own trouble), 'asked' (nobody knows; a probe is due)
-- journal: path_down
--@include path
local PROVEN_FOR = 1000  -- ms
local c = begin(root, tenant, at)
local path = path_of(c)
if not path.down then
  if sure == 0 and c.now - path.ok <= PROVEN_FOR then
    return 'up'
  end
  path_probe(c)
  if sure == 0 then
    return 'asked'
  end
  path_breaks(c, why, 0)
end
redis.call('SADD', root .. 'stalled:' .. tenant, subject)
return 'down'
