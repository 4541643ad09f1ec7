--@include finish
--@include membership
-- refresh: a service's rules changed, so each of its members may have become selectable or not. Done in chunks; where it
-- stopped is kept in the rules, and a deadline goes on should nobody else.
local MEMBERS_AT_ONCE = 20
local GO_ON_IF_LEFT = 1000  -- ms
local GO_ON_AFTER = 100     -- ms

local function begin_refresh(c, service)
  redis.call('HSET', key_of(c, 'rules', service), 'refresh', '-')
  deadline_set(c.root, c.tenant, 'service:' .. c.tenant .. ':' .. service, c.now + GO_ON_IF_LEFT)
end

-- The next members; returns the last of them if there may be more.
local function refresh_some(c, service, cursor)
  local from = cursor == '-' and '-' or '(' .. cursor
  local users = redis.call('ZRANGE', members_key(c, service), from, '+', 'BYLEX', 'LIMIT', 0, MEMBERS_AT_ONCE)
  for _, user in ipairs(users) do
    local agent = load_agent(c, user)
    agent.moved = true
    stir(c, agent)
  end
  return #users == MEMBERS_AT_ONCE and users[#users] or nil
end

-- Returns whether there is more to do.
local function refresh(c, service)
  local member = 'service:' .. c.tenant .. ':' .. service
  local key = key_of(c, 'rules', service)
  local cursor = redis.call('HGET', key, 'refresh')
  if cursor then
    cursor = refresh_some(c, service, cursor)
    if cursor then
      redis.call('HSET', key, 'refresh', cursor)
      deadline_set(c.root, c.tenant, member, c.now + GO_ON_IF_LEFT)
      return true
    end
    redis.call('HDEL', key, 'refresh')
  end
  if service ~= '' then
    c.lanes[#c.lanes + 1] = service
  end
  settle(c)
  if c.unfinished then
    deadline_set(c.root, c.tenant, member, c.now + GO_ON_AFTER)
    return true
  end
  deadline_clear(c.root, c.tenant, member)
  log(c, 'refreshed', { 'service', service })
  return false
end
