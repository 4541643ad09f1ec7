-- set_presence: what Graph said about these users just now: `user=Presence`, separated by spaces.
-- keys: root
-- args: tenant, readings, at:int
-- returns: verdict
-- journal: returned, presence, rona_reset, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include lost
--@include presence
--@include finish
local c = begin(root, tenant, at)
local changed = false
for user, reading in string.gmatch(readings, PAIR) do
  local agent = load_agent(c, user)
  if agent and not agent.f.removed and read_presence(c, agent, reading) then
    changed = true
    withdraw_if_lost(c, agent)
  end
end
finish(c)
return changed and 'ok' or 'unchanged'
