-- set_presence: what Graph said about these users just now: `user=Presence`, separated by spaces.
-- keys: root
-- args: tenant, readings, at:int
-- returns: verdict
-- journal: presence, rona_reset, withdrawn, requeued, offered
--@include lost
--@include presence
--@include finish
local c = begin(root, tenant, at)
local changed = false
for _, reading in ipairs(pairs_of(readings)) do
  local agent = load_agent(c, reading[1])
  if agent and not agent.f.removed then
    if read_presence(c, agent, reading[2]) then
      changed = true
      withdraw_if_lost(c, agent)
    end
  end
end
finish(c)
return changed and 'ok' or 'unchanged'
