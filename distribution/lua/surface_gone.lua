-- surface_gone: one of their pages was closed.
-- keys: root
-- args: tenant, user, surface, at:int
-- returns: verdict
-- journal: surface
--@include surface
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
local changed = keep_surface(c, agent, surface, nil)
finish(c)
return changed and 'ok' or 'unchanged'
