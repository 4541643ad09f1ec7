-- set_agent: what licences and memberships lay down for an agent: `service=1` (active) or `=0`, separated by spaces; skills separated by spaces.
-- keys: root
-- args: tenant, user, licensed:int, direct_licensed:int, services, capacity:int, skills, at:int
-- returns: verdict
-- journal: returned, agent, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include lost
--@include membership
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user) or new_agent(c, user)
set_members(c, agent, services)
set(agent, 'licensed', licensed == 1 and '1' or nil)
set(agent, 'direct', direct_licensed == 1 and '1' or nil)
set(agent, 'services', services)
set(agent, 'capacity', capacity)
set(agent, 'skills', skills)
set_levels(c, agent)
set(agent, 'removed', nil)
if agent.touched then
  log(c, 'agent', {
    'user', user, 'licensed', licensed, 'direct', direct_licensed, 'services', services, 'capacity', capacity,
    'levels', agent.f.levels or '',
  })
end
withdraw_if_lost(c, agent)
agent.moved = true
stir(c, agent)
finish(c)
return 'ok'
