--@include finish
--@include lost
--@include membership
-- refresh: a service's rules changed, so each of its members may have become selectable or not, and each waiting task may
-- be open to other levels. Done in chunks; where it stopped is kept in the rules, and a deadline goes on should nobody else.
local SOME = 20
local GO_ON_IF_LEFT = 1000  -- ms
local GO_ON_AFTER = 100     -- ms

local function begin_refresh(c, service)
  redis.call('HSET', key_of(c, 'rules', service), 'refresh', '-')
  deadline_set(c.root, c.tenant, 'service:' .. c.tenant .. ':' .. service, c.now + GO_ON_IF_LEFT)
end

-- The next members; returns the last of them, or where to begin with the tasks.
local function refresh_members(c, service, cursor)
  local from = cursor == '-' and '-' or '(' .. cursor
  local users = redis.call('ZRANGE', members_key(c, service), from, '+', 'BYLEX', 'LIMIT', 0, SOME)
  for _, user in ipairs(users) do
    local agent = load_agent(c, user)
    if set_levels(c, agent) then
      log(c, 'levels', { 'user', user, 'levels', agent.f.levels or '' })
      withdraw_if_lost(c, agent)
    end
    agent.moved = true
    stir(c, agent)
  end
  return #users == SOME and users[#users] or '#0'
end

-- The next waiting tasks, from the last one on: those that come or go at the head meanwhile move nobody's place. Returns
-- where to go on.
local function refresh_tasks(c, service, cursor)
  local from = tonumber(string.sub(cursor, 2))
  local ids = redis.call('ZRANGE', key_of(c, 'queue', service), from, from + SOME - 1, 'REV')
  for _, id in ipairs(ids) do
    local task = load_task(c, id)
    open_levels(c, task)
    arm(c, task, 'task:' .. c.tenant .. ':' .. id, task_next(c, task))
  end
  return #ids == SOME and '#' .. from + SOME or nil
end

local function refresh_some(c, service, cursor)
  if string.sub(cursor, 1, 1) == '#' then
    return refresh_tasks(c, service, cursor)
  end
  local following = refresh_members(c, service, cursor)
  return (service ~= '' or following ~= '#0') and following or nil
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
