-- remove_agent: no agent any more: their offers are withdrawn, their running talks end normally.
-- keys: root
-- args: tenant, user, at:int
-- returns: verdict
-- journal: returned, agent_removed, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include lost
--@include membership
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
set_members(c, agent, '')
redis.call('ZREM', members_key(c, ''), user)
set(agent, 'licensed', nil)
set(agent, 'direct', nil)
set(agent, 'services', nil)
set(agent, 'removed', '1')
log(c, 'agent_removed', { 'user', user })
withdraw_if_lost(c, agent)
stir(c, agent)
finish(c)
return 'ok'
