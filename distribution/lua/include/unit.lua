--@include record
--@include clock
--@include journal
-- unit: what one call reads, decides and writes for one tenant. Tasks and agents are loaded once; `finish` writes them once.
--   stirred: agents whose eligibility may have changed · seeking: tasks that wait and were not matched yet
--   slots: services in which a concurrent chat ended at the limit
local function begin(root, tenant, at)
  return {
    root = root, tenant = tenant, now = clock_now(root, tenant, at),
    tasks = {}, agents = {}, rules = {}, task_list = {}, agent_list = {},
    stirred = {}, seeking = {}, slots = {},
  }
end

local function key_of(c, kind, id)
  return c.root .. kind .. ':' .. c.tenant .. ':' .. id
end

local function load_task(c, id)
  local task = c.tasks[id]
  if task == nil then
    task = load_record(key_of(c, 'task', id)) or false
    c.tasks[id] = task
    if task then
      task.id = id
      task.was = task.f.state
      task.listed = task.was == 'queued'
      task.had = task.f.agent
      c.task_list[#c.task_list + 1] = task
    end
  end
  return task or nil
end

local function new_task(c, id)
  local task = { key = key_of(c, 'task', id), f = {}, changed = {}, id = id, listed = false }
  c.tasks[id] = task
  c.task_list[#c.task_list + 1] = task
  return task
end

local function load_agent(c, user)
  local agent = c.agents[user]
  if agent == nil then
    agent = load_record(key_of(c, 'agent', user)) or false
    c.agents[user] = agent
    if agent then
      agent.user = user
      agent.held = pairs_of(agent.f.held)
      c.agent_list[#c.agent_list + 1] = agent
    end
  end
  return agent or nil
end

-- One rule of a service ('' = the tenant's Direct settings); nil when there is no such service.
local function rule_word(c, service, name)
  local known = c.rules[service]
  if not known then
    known = {}
    c.rules[service] = known
  end
  if known[name] == nil then
    known[name] = redis.call('HGET', key_of(c, 'rules', service), name)
  end
  return known[name] or nil
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
  if not task.is_seeking then
    task.is_seeking = true
    c.seeking[#c.seeking + 1] = task
  end
end

-- Who belongs to a service; '' = all agents of the tenant.
local function members_key(c, service)
  if service == '' then
    return c.root .. 'agents:' .. c.tenant
  end
  return key_of(c, 'members', service)
end

local function service_of(task)
  return task.f.service or ''
end

-- The queues in which a task stands: one, until levels add theirs.
local function lanes_of(task)
  if task.f.service then
    return { task.f.service }
  end
  return { '@' .. task.f.user }
end
