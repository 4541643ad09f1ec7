-- take_flow: hand out what was kept for a sign-in or a grant under its state, once.
-- keys: root
-- args: state
-- returns: what was kept, or '' when there is nothing (used, expired or invented)
-- journal: none
local key = root .. 'flow:' .. state
local kept = redis.call('GET', key)
if not kept then
  return ''
end
redis.call('DEL', key)
return kept
