-- set_active: on or off for one of their services.
-- keys: root
-- args: tenant, user, service, on:int, at:int
-- returns: verdict
-- journal: returned, active, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include lost
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
local active = pair_get(agent.f.services, service)
if not active then
  return 'no_such_service'
elseif (active == '1') == (on == 1) then
  return 'unchanged'
end
set(agent, 'services', pair_put(agent.f.services, service, on))
log(c, 'active', { 'user', user, 'service', service, 'on', on })
withdraw_if_lost(c, agent)
stir(c, agent)
finish(c)
return 'ok'
