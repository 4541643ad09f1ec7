--@include offer_end
--@include levels
--@include transfer
-- closing: the ends of talks and tasks. What follows from them is found by `settle`, and written by `finish`.

-- The list of closed tasks of an agent who had it: the 500 latest, for 30 days.
local function remember(c, user, task)
  local key = key_of(c, 'past', user)
  redis.call('ZADD', key, c.now, task.id)
  redis.call('ZREMRANGEBYRANK', key, 0, -501)
  redis.call('EXPIRE', key, 2592000)
end

-- From every state. An outcome that the talk has had already stays. A talk whose room was lost, and that nobody took over, is
-- an error, no matter who ends it.
local function close_task(c, task, outcome, by, why, via)
  if task.f.broken and not task.f.outcome then
    outcome, why = 'error', task.f.broken
  end
  local state = task.f.state
  leave_queue(c, task)
  if state == 'offered' then
    withdraw_all(c, task, why)
    set(task, 'offer', nil)
  end
  if state == 'offered' or state == 'connecting' or state == 'active' then
    leave_running(c, task)
  end
  if task.f.agent then
    local agent = load_agent(c, task.f.agent)
    if agent then
      release(c, agent, task.id)
    end
    remember(c, task.f.agent, task)
  end
  for user in string.gmatch(task.f.handed_on or '', PAIR) do
    remember(c, user, task)
  end
  set(task, 'state', 'closed')
  set(task, 'closed', c.now)
  if not task.f.outcome then
    set(task, 'outcome', outcome)
    set(task, 'ended', c.now)
    set(task, 'ended_by', by)
    set(task, 'why', why)
  end
  log(c, 'closed', {
    'task', task.id, 'service', service_of(task), 'from', state, 'outcome', task.f.outcome, 'by', by, 'via', via,
    'user', task.f.agent or '', 'why', why,
  })
end

-- The talk is over: after-call work, where the service has it.
local function end_talk(c, task, outcome, by, why, via)
  look_up(c, service_of(task), { 'acw_seconds', 'concurrent', 'policy' })
  local acw = rule(c, service_of(task), 'acw_seconds') * 1000
  local agent = load_agent(c, task.f.agent)
  if acw == 0 or not agent then
    return close_task(c, task, outcome, by, why, via)
  end
  leave_running(c, task)
  set(task, 'outcome', outcome)
  set(task, 'ended', c.now)
  set(task, 'ended_by', by)
  set(task, 'why', why)
  set(task, 'state', 'acw')
  set(task, 'acw_until', c.now + acw)
  hold(c, agent, task.id, 'acw')
  log(c, 'ended', {
    'task', task.id, 'service', service_of(task), 'outcome', outcome, 'by', by, 'via', via, 'user', task.f.agent, 'why', why,
    'acw_until', task.f.acw_until,
  })
end

-- Somebody wants it over, wherever it is.
local function end_task(c, task, by, why, via)
  if task.f.holder then
    come_home(c, task, why)
  end
  if task.f.state == 'active' then
    end_talk(c, task, 'handled', by, why, via)
  else
    close_task(c, task, 'cancelled', by, why, via)
  end
end

-- Nobody ended it, and nothing happens in it.
local function end_of_sweep(c, task)
  if task.f.holder then
    come_home(c, task, 'stale')
  end
  if task.f.state == 'active' then
    end_talk(c, task, 'stale', 'system', 'stale', 'system')
  else
    close_task(c, task, 'stale', 'system', 'stale', 'system')
  end
end

-- The visitor is not to be had any more, before or in the talk.
local ABANDONED = {
  arriving = 'abandoned_in_workflow', queued = 'abandoned_in_queue', offered = 'abandoned_while_offered',
  connecting = 'abandoned_while_offered',
}
local function visitor_gone(c, task, outcome_of_talk, why, via)
  if task.f.holder then
    come_home(c, task, why)
  end
  if task.f.state == 'active' then
    end_talk(c, task, outcome_of_talk, 'visitor', why, via)
  else
    close_task(c, task, ABANDONED[task.f.state], 'visitor', why, via)
  end
end
