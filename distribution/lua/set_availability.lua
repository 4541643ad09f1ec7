-- set_availability: they are not available, for a reason of the tenant's list ('' = available again). Their offers are withdrawn;
-- running talks go on.
-- keys: root
-- args: tenant, user, reason, actor, at:int
-- returns: verdict
-- journal: returned, availability, reached, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include lost
--@include reach
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
elseif (agent.f.unavailable or '') == reason then
  return 'unchanged'
end
set(agent, 'unavailable', reason)
log(c, 'availability', { 'user', user, 'reason', reason, 'actor', actor })
if actor == user then
  clear_unreached(c, agent)
end
withdraw_if_lost(c, agent)
stir(c, agent)
finish(c)
return 'ok'
