--@include queues
--@include offer_end
-- closing: the ends of talks and tasks. What follows from them is found by `settle`, and written by `finish`.

-- A concurrent chat less. If the service was at its limit, somebody else's turn has come.
local function leave_running(c, task)
  local service = task.f.service
  if service then
    local was_full = not has_room(c, service)
    if redis.call('SREM', key_of(c, 'running', service), task.id) == 1 and was_full then
      c.slots[#c.slots + 1] = service
    end
  end
end

local function withdraw_all(c, task, how)
  for _, user in ipairs(words_of(task.f.invited)) do
    drop_invited(c, task, user, 'withdrawn', how)
  end
  clear_offer(task)
end

local function index_past(c, task)
  local key = key_of(c, 'past', task.f.agent)
  redis.call('ZADD', key, whole(c.now), task.id)
  redis.call('ZREMRANGEBYRANK', key, 0, -501)
  redis.call('EXPIRE', key, 2592000)
end

local function close_task(c, task, outcome, by, why)
  leave_queue(c, task)
  if task.f.state == 'offered' then
    withdraw_all(c, task, why)
    set(task, 'offer', nil)
  end
  if task.f.state == 'offered' or task.f.state == 'connecting' then
    leave_running(c, task)
  end
  task.tidy = task.f.state == 'connecting'
  if task.f.agent then
    local agent = load_agent(c, task.f.agent)
    if agent then
      release(c, agent, task.id)
    end
    index_past(c, task)
  end
  set(task, 'state', 'closed')
  set(task, 'closed', c.now)
  if not task.f.outcome then
    set(task, 'outcome', outcome)
    set(task, 'ended', c.now)
    set(task, 'ended_by', by)
    set(task, 'why', why)
  end
  log(c, 'closed', { 'task', task.id, 'service', service_of(task), 'outcome', task.f.outcome, 'by', by, 'user', task.f.agent or '' })
end

-- The talk is over: after-call work, where the service has it.
local function end_talk(c, task, outcome, by, why)
  local acw = rule(c, service_of(task), 'acw_seconds') * 1000
  leave_running(c, task)
  set(task, 'outcome', outcome)
  set(task, 'ended', c.now)
  set(task, 'ended_by', by)
  set(task, 'why', why)
  local fields = { 'task', task.id, 'service', service_of(task), 'outcome', outcome, 'by', by, 'user', task.f.agent, 'why', why }
  local agent = load_agent(c, task.f.agent)
  if acw == 0 or not agent then
    log(c, 'ended', fields)
    return close_task(c, task, outcome, by, why)
  end
  set(task, 'state', 'acw')
  set(task, 'acw_until', c.now + acw)
  hold(c, agent, task.id, 'acw')
  fields[#fields + 1] = 'acw_until'
  fields[#fields + 1] = task.f.acw_until
  log(c, 'ended', fields)
end

-- The visitor is not to be had any more, before or in the talk.
local ABANDONED = {
  arriving = 'abandoned_in_workflow', queued = 'abandoned_in_queue', offered = 'abandoned_while_offered',
  connecting = 'abandoned_while_offered',
}
local function visitor_gone(c, task, outcome_in_talk, by, why)
  if task.f.state == 'active' then
    end_talk(c, task, outcome_in_talk, by, why)
  elseif ABANDONED[task.f.state] then
    close_task(c, task, ABANDONED[task.f.state], by, why)
  end
end
