--@include past
--@include queues
--@include presence_ends
--@include settle
--@include deadline
--@include due
--@include bell
-- finish: settle, then write each task and agent once, set its deadline, mark its effects as due, and ring.
local CLOSED_KEPT = 2592000  -- seconds: 30 days
local IN_THE_ROOM = { connecting = true, active = true, acw = true, closed = true }

local function visitor_until(c, task)
  local left = num(task, 'left')
  if not left then
    return latest_of(pairs_of(task.f.conns))
  end
  local grace = task.f.state == 'active' and 'visitor_grace_active_seconds' or 'visitor_grace_waiting_seconds'
  return left + rule(c, service_of(task), grace) * 1000
end

-- When time alone next changes something about the task; nil when nothing can.
local function task_next(c, task)
  local state = task.f.state
  if state == 'acw' then
    return num(task, 'acw_until')
  elseif state == 'closed' then
    return nil
  end
  local at = visitor_until(c, task)
  if state == 'offered' then
    at = earlier(earlier(at, num(task, 'deliver_by')), num(task, 'deadline'))
  elseif state == 'queued' then
    at = earlier(at, queue_ends(c, task))
    for _, entry in ipairs(pairs_of(task.f.past)) do
      local asked = asked_until(c, task, entry[1])
      if asked > c.now then
        at = earlier(at, asked)
      end
    end
  end
  return at
end

-- When time alone next changes something about him.
local function agent_next(c, agent)
  local at, now = nil, c.now
  for _, instant in ipairs({
    agent.f.rona == '1' and num(agent, 'rona_until') or 0,
    num(agent, 'retry_at') or 0,
    latest_of(pairs_of(agent.f.surfaces)) or 0,
    agent.f.presence ~= 'Offline' and presence_ends(agent) or 0,
    num(agent, 'resume_at') or 0,
  }) do
    if instant > now then
      at = earlier(at, instant)
    end
  end
  return at
end

-- A deadline that is set too early is harmless (it looks, and sets the right one); so only an earlier one is written.
local function arm(c, record, member, at)
  local armed = num(record, 'next')
  if at and (not armed or at < armed) then
    put(record, 'next', at)
    deadline_set(c.root, c.tenant, member, at)
  elseif not at and armed then
    put(record, 'next', nil)
    deadline_clear(c.root, c.tenant, member)
  end
end

local function mark_effects(c, task)
  local seen = {}
  local function card(user)
    if user and not seen[user] then
      seen[user] = true
      due_mark(c.root, 'card:' .. c.tenant .. ':' .. task.id .. ':' .. user)
    end
  end
  for _, user in ipairs(words_of(task.f.invited)) do
    card(user)
  end
  card(task.f.agent)
  for _, entry in ipairs(pairs_of(task.f.past)) do
    card(entry[1])
  end
  local state = task.f.state
  if task.was ~= state and (state == 'connecting' or task.tidy) then
    due_mark(c.root, 'room:' .. c.tenant .. ':' .. task.id)
  end
  if task.f.won and (IN_THE_ROOM[state] or IN_THE_ROOM[task.was]) then
    due_mark(c.root, 'relay:' .. c.tenant .. ':' .. task.id)
  end
  if task.was == nil and state == 'arriving' then
    due_mark(c.root, 'arrival:' .. c.tenant .. ':' .. task.id)
  end
end

local function finish_task(c, task)
  local deadline = task_next(c, task)
  if task.touched then
    put(task, 'rev', (num(task, 'rev') or 0) + 1)
  end
  arm(c, task, 'task:' .. c.tenant .. ':' .. task.id, deadline)
  save_record(task)
  if task.f.state == 'closed' and task.was ~= 'closed' then
    redis.call('EXPIRE', task.key, CLOSED_KEPT)
  end
  if task.touched then
    mark_effects(c, task)
    bell(c.root, 'task', c.tenant, task.id, num(task, 'rev'))
    if task.was ~= task.f.state or task.had ~= task.f.agent then
      bell(c.root, 'conv', c.tenant, task.id, 0)
    end
  end
end

local function finish_agent(c, agent)
  if agent.touched then
    put(agent, 'rev', (num(agent, 'rev') or 0) + 1)
  end
  if agent.f.removed and not agent.f.held then
    deadline_clear(c.root, c.tenant, 'agent:' .. c.tenant .. ':' .. agent.user)
    redis.call('DEL', agent.key)
    redis.call('ZREM', members_key(c, ''), agent.user)
  else
    arm(c, agent, 'agent:' .. c.tenant .. ':' .. agent.user, agent_next(c, agent))
    save_record(agent)
  end
  if agent.touched then
    bell(c.root, 'agent', c.tenant, agent.user, num(agent, 'rev'))
  end
end

local function finish(c)
  settle(c)
  for _, task in ipairs(c.task_list) do
    if next(task.changed) then
      finish_task(c, task)
    end
  end
  for _, agent in ipairs(c.agent_list) do
    if next(agent.changed) then
      finish_agent(c, agent)
    end
  end
end

-- The flat reply of a task's verb: verdict, why, then the fields of the task as it is now.
local function answer(task, verdict, why)
  local reply = { verdict, why or '' }
  if task then
    for name, value in pairs(task.f) do
      reply[#reply + 1] = name
      reply[#reply + 1] = value
    end
  end
  return reply
end

local function allows(allowed, task)
  return string.find(allowed, ' ' .. task.f.state .. ' ', 1, true) ~= nil
end
