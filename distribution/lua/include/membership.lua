--@include unit
-- membership: who belongs to which service.

-- The members of a service; '' = all agents of the tenant.
local function members_key(c, service)
  if service == '' then
    return c.root .. 'agents:' .. c.tenant
  end
  return key_of(c, 'members', service)
end

local function has_skills(agent, wanted)
  for skill in string.gmatch(wanted, '[^,]+') do
    if not has_word(agent.f.skills, skill) then
      return false
    end
  end
  return wanted ~= ''
end

-- The first level of a service that adds them: 0 = none, nil = the service has no levels.
local function level_for(c, agent, service)
  local number = nil
  for users, skills in string.gmatch(rule_word(c, service, 'levels') or '', '%d+:([^:|]*):([^|]*)') do
    number = (number or 0) + 1
    if has_word(string.gsub(users, ',', ' '), agent.user) or has_skills(agent, skills) then
      return number
    end
  end
  return number and 0
end

-- Their level in each service that has levels. Returns whether one changed.
local function set_levels(c, agent)
  local levels = nil
  for service in string.gmatch(agent.f.services or '', PAIR) do
    local level = level_for(c, agent, service)
    if level then
      levels = pair_put(levels, service, level)
    end
  end
  return set(agent, 'levels', levels)
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
