-- surface_beat: one of their open pages answered; it counts for 30 s.
-- keys: root
-- args: tenant, user, surface, at:int
-- returns: verdict
-- journal: surface, reached, offered
--@include reach
--@include surface
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
local changed = clear_unreached(c, agent)
if keep_surface(c, agent, surface, c.now + SURFACE_LIVES) then
  changed = true
end
finish(c)
return changed and 'ok' or 'unchanged'
