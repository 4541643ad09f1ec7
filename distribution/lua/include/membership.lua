--@include unit
-- membership: who belongs to which service.

-- The members of a service; '' = all agents of the tenant.
local function members_key(c, service)
  if service == '' then
    return c.root .. 'agents:' .. c.tenant
  end
  return key_of(c, 'members', service)
end

-- `services`: `service=1 …` as stored.
local function set_members(c, agent, services)
  for service in string.gmatch(agent.f.services or '', PAIR) do
    if not pair_get(services, service) then
      redis.call('ZREM', members_key(c, service), agent.user)
    end
  end
  for service in string.gmatch(services, PAIR) do
    redis.call('ZADD', members_key(c, service), 0, agent.user)
  end
end

local function new_agent(c, user)
  local agent = { key = key_of(c, 'agent', user), f = {}, changed = {}, user = user }
  c.agents[user] = agent
  redis.call('ZADD', members_key(c, ''), 0, user)
  set(agent, 'duty', '1')
  set(agent, 'idle_since', c.now)
  return agent
end
