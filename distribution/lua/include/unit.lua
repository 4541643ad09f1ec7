--@include packed
--@include clock
--@include journal
-- unit: what one call reads, decides and writes for one tenant. A task or agent is loaded once, changed in memory, and
-- written once by `finish`, only what changed; empty fields are not stored.
--   stirred: agents whose eligibility may have changed · seeking: tasks that wait and were not matched yet
--   lanes: queues in which a task may have become possible, because a service came below its limit or changed its rules
--   fresh: tasks that came to a queue, which may be full
local function begin(root, tenant, at)
  return {
    root = root, tenant = tenant, now = clock_now(root, tenant, at),
    tasks = {}, agents = {}, rules = {}, stirred = {}, seeking = {}, lanes = {}, fresh = {},
  }
end

local function key_of(c, kind, id)
  return c.root .. kind .. ':' .. c.tenant .. ':' .. id
end

-- RESP 3 has maps, which the server makes into tables itself. It must not stay on, not even after an error that somebody
-- catches (`fire`): nearly every other reply would look different.
local function load(key)
  redis.setresp(3)
  local reply = redis.pcall('HGETALL', key)
  redis.setresp(2)
  local fields = reply.map or error(reply)
  return next(fields) and { key = key, f = fields, changed = {} }
end

local function load_task(c, id)
  local task = c.tasks[id]
  if task == nil then
    task = load(key_of(c, 'task', id)) or false
    c.tasks[id] = task
    if task then
      task.id = id
      task.was = task.f.state
      task.listed = task.was == 'queued'
    end
  end
  return task or nil
end

local function load_agent(c, user)
  local agent = c.agents[user]
  if agent == nil then
    agent = load(key_of(c, 'agent', user)) or false
    c.agents[user] = agent
    if agent then
      agent.user = user
    end
  end
  return agent or nil
end

-- A change that nobody needs to hear of. Returns whether it is one.
local function put(record, name, value)
  if value == '' then
    value = nil
  end
  local fields = record.f
  local old = fields[name]
  if old == value or (old and type(value) == 'number' and tonumber(old) == value) then
    return false
  end
  fields[name] = value
  record.changed[name] = true
  return true
end

-- A change that counts the revision up and rings. Returns whether it is one.
local function set(record, name, value)
  if put(record, name, value) then
    record.touched = true
    return true
  end
  return false
end

local function num(record, name)
  return tonumber(record.f[name])
end

-- One rule of a service ('' = the tenant's Direct settings); nil when there is no such service.
local function rule_word(c, service, name)
  local rules = c.rules[service]
  if not rules then
    rules = {}
    c.rules[service] = rules
  end
  local known = rules[name]
  if known == nil then
    known = redis.call('HGET', key_of(c, 'rules', service), name)
    rules[name] = known
  end
  return known or nil
end

-- Several rules in one go, for what follows.
local function look_up(c, service, names)
  local values, rules = redis.call('HMGET', key_of(c, 'rules', service), unpack(names)), c.rules[service] or {}
  for i = 1, #names do
    rules[names[i]] = values[i]
  end
  c.rules[service] = rules
end

local function rule(c, service, name)
  return tonumber(rule_word(c, service, name)) or 0
end

local function log(c, event, fields)
  journal(c.root, c.tenant, c.now, event, fields)
end

local function stir(c, agent)
  if not agent.is_stirred then
    agent.is_stirred = true
    c.stirred[#c.stirred + 1] = agent
  end
end

local function seek(c, task)
  c.seeking[#c.seeking + 1] = task
end

local function service_of(task)
  return task.f.service or ''
end

-- The talk is over, if there was one.
local HAS_ENDED = { acw = true, closed = true }

-- Do they talk? While it is handed on too: the agent who hands it on stays until another one is in it.
local function in_talk(task)
  return task.f.state == 'active' or task.f.holder ~= nil
end

-- The queue in which a waiting task stands; see `levels` for the further ones.
local function lane_of(task)
  return task.f.service or '@' .. task.f.user
end
