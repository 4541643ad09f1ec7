--@include deadline
--@include presence
-- snapshot: from midnight UTC on the journal says once how everything stands, so that it can be read from any day on. A
-- chunk at a time: other things happen between two of them, and each entry is true at its own place in the journal.
local DAY = 86400000  -- ms
local CHUNK = 50
local AGENT_FIELDS = {
  'licensed', 'direct', 'services', 'capacity', 'levels', 'duty', 'registered', 'unreached', 'retry_at', 'rona', 'rona_until',
  'idle_since', 'put_back', 'last_offer', 'held', 'unavailable', 'wraps',
}
local TASK_FIELDS = {
  'service', 'user', 'state', 'since', 'priority', 'preferred', 'level', 'hops', 'ends', 'offers', 'offer', 'invited', 'delivered',
  'deliver_by', 'deadline', 'agent', 'won', 'acw_until', 'outcome', 'left', 'warned', 'past', 'holder', 'home', 'transfer_to',
  'transfer_ends', 'handed_on', 'pause', 'opening_fails', 'broken', 'unspoken',
}

local function picked_fields(f, names, fields)
  for _, name in ipairs(names) do
    if f[name] then
      fields[#fields + 1] = name
      fields[#fields + 1] = f[name]
    end
  end
  return fields
end

local function snapshot_service(c, service)
  local flat, rules = redis.call('HGETALL', key_of(c, 'rules', service)), {}
  if not flat[1] then
    redis.call('ZREM', c.root .. 'served:' .. c.tenant, service)
    return
  end
  for i = 1, #flat, 2 do
    if flat[i] ~= 'name' and flat[i] ~= 'refresh' and flat[i] ~= 'removed' and flat[i] ~= 'ending' then
      rules[#rules + 1] = flat[i] .. '=' .. flat[i + 1]
    end
  end
  -- Not settled: its members have not all followed the last change yet.
  local settled = redis.call('HEXISTS', key_of(c, 'rules', service), 'refresh') == 0 and 1 or 0
  log(c, 'snapshot_service', { 'service', service, 'settled', settled, 'rules', table.concat(rules, ' ') })
end

local function snapshot_agent(c, user)
  local agent = load_agent(c, user)
  if agent then
    local fields = picked_fields(agent.f, AGENT_FIELDS, { 'user', user, 'surfaces', open_surfaces(c, agent) })
    log(c, 'snapshot_agent', add_presence(c, agent, fields))
  end
end

local function snapshot_task(c, id)
  local task = load_task(c, id)
  if task then
    log(c, 'snapshot_task', picked_fields(task.f, TASK_FIELDS, { 'task', id }))
  end
end

-- The next chunk of a set by name, behind `after` (nil: its beginning); and what to go on behind.
local function by_name(key, after)
  local ids = redis.call('ZRANGE', key, after and '(' .. after or '-', '+', 'BYLEX', 'LIMIT', 0, CHUNK)
  return ids, ids[CHUNK]
end

-- The same by score: behind the last one, or, where they have gone, from their score on: a few are told twice then.
local function by_score(key, after)
  local start = 0
  if after then
    local score, id = string.match(after, '^(%S+) (.*)$')
    local rank = redis.call('ZRANK', key, id)
    start = rank and rank + 1 or redis.call('ZCOUNT', key, '-inf', '(' .. score)
  end
  local page, ids = redis.call('ZRANGE', key, start, start + CHUNK - 1, 'WITHSCORES'), {}
  for i = 1, #page, 2 do
    ids[#ids + 1] = page[i]
  end
  return ids, ids[CHUNK] and page[2 * CHUNK] .. ' ' .. ids[CHUNK]
end

local SNAPSHOT_PARTS = {
  { of = 'served', page = by_name, tell = snapshot_service },
  { of = 'agents', page = by_name, tell = snapshot_agent },
  { of = 'open', page = by_score, tell = snapshot_task },
}

-- The next chunk, from where the last one stopped: `part` and `after` (`-`: its beginning).
local function snapshot_some(c)
  local key, member = c.root .. 'snapshot:' .. c.tenant, 'snapshot:' .. c.tenant
  local state = redis.call('HMGET', key, 'day', 'part', 'after')
  local day, number, after = tonumber(state[1]), tonumber(state[2]), state[3]
  local part = SNAPSHOT_PARTS[number]
  local ids, behind = part.page(c.root .. part.of .. ':' .. c.tenant, after ~= '-' and string.sub(after, 2) or nil)
  for _, id in ipairs(ids) do
    part.tell(c, id)
  end
  if behind then
    redis.call('HSET', key, 'after', '.' .. behind)
  elseif SNAPSHOT_PARTS[number + 1] then
    redis.call('HSET', key, 'part', number + 1, 'after', '-')
  else
    redis.call('HDEL', key, 'part', 'after')
    log(c, 'snapshot_end', { 'day', whole(day) })
    deadline_set(c.root, c.tenant, member, day + DAY)
    return false
  end
  deadline_set(c.root, c.tenant, member, c.now)
  return true
end

-- Begin that of today, or go on with it.
local function snapshot(c)
  local key = c.root .. 'snapshot:' .. c.tenant
  if redis.call('HEXISTS', key, 'part') == 0 then
    local day = c.now - c.now % DAY
    redis.call('HSET', key, 'day', whole(day), 'part', 1, 'after', '-')
    log(c, 'snapshot_begin', { 'day', whole(day), 'path_down', path_of(c).down and 1 or 0 })
  end
  return snapshot_some(c)
end
