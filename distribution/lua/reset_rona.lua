-- reset_rona: somebody takes the RONA flag away by hand.
-- keys: root
-- args: tenant, user, actor, at:int
-- returns: verdict
-- journal: rona_reset, offered
--@include rona
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
local changed = clear_rona(c, agent, actor == user and 'self' or 'supervisor')
finish(c)
return changed and 'ok' or 'unchanged'
