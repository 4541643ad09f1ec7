--@include eligible
-- membership: who belongs to which service.
local function set_members(c, agent, services)
  for _, service in ipairs(pairs_of(agent.f.services)) do
    if not pair_get(services, service[1]) then
      redis.call('ZREM', members_key(c, service[1]), agent.user)
    end
  end
  for _, service in ipairs(services) do
    redis.call('ZADD', members_key(c, service[1]), 0, agent.user)
  end
end

local function new_agent(c, user)
  local agent = { key = key_of(c, 'agent', user), f = {}, changed = {}, user = user, held = {} }
  c.agents[user] = agent
  c.agent_list[#c.agent_list + 1] = agent
  redis.call('ZADD', members_key(c, ''), 0, user)
  set(agent, 'duty', '1')
  set(agent, 'idle_since', c.now)
  return agent
end
