--@include eligible
-- life: the moves of a task that several verbs share. They change what is loaded, the queue and the count of concurrent
-- chats; `settle` then looks for matches and `finish` writes.
local DECLINED_OR_MISSED = { declined = true, rona = true, undelivered = true, failed = true }

local function leave_queue(c, task)
  if task.listed then
    for _, lane in ipairs(lanes_of(task)) do
      redis.call('ZREM', key_of(c, 'queue', lane), task.id)
    end
  end
  task.listed = false
end

-- Stand in the queue of every lane, ranked by waiting since.
local function join_queue(c, task)
  for _, lane in ipairs(lanes_of(task)) do
    redis.call('ZADD', key_of(c, 'queue', lane), task.f.since, task.id)
  end
  task.listed = true
end

local function enter_running(c, task)
  if task.f.service then
    redis.call('SADD', key_of(c, 'running', task.f.service), task.id)
  end
end

local function has_room(c, service)
  return redis.call('SCARD', key_of(c, 'running', service)) < rule(c, service, 'concurrent')
end

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

local function past_of(task, user)
  local entry = pair_get(pairs_of(task.f.past), user)
  if entry then
    local result, at, offer = string.match(entry, '^(%a+):(%d+):(%d+)$')
    return { result = result, at = tonumber(at), offer = offer }
  end
end

local function note_past(c, task, user, result)
  local past = pairs_of(task.f.past)
  pair_put(past, user, result .. ':' .. whole(c.now) .. ':' .. task.f.offer)
  set(task, 'past', pairs_text(past))
end

-- Until when this agent is not asked again: 0 = he may be asked now and comes first, as he was not asked yet.
local function asked_until(c, task, user)
  local past = past_of(task, user)
  if not past or not DECLINED_OR_MISSED[past.result] then
    return 0
  end
  return past.at + rule(c, service_of(task), 'reoffer_seconds') * 1000
end

local function make_offer(c, task, agent)
  leave_queue(c, task)
  local number = whole((num(task, 'offers') or 0) + 1)
  put(task, 'offers', number)
  set(task, 'state', 'offered')
  set(task, 'offer', number)
  set(task, 'invited', agent.user)
  set(task, 'offered', c.now)
  set(task, 'deliver_by', c.now + rule(c, service_of(task), 'deliver_seconds') * 1000)
  set(task, 'why', nil)
  enter_running(c, task)
  put(agent, 'last_offer', c.now)
  agent.moved = true
  hold(c, agent, task.id, 'ringing')
  log(c, 'offered', { 'task', task.id, 'service', service_of(task), 'offer', number, 'user', agent.user, 'since', task.f.since })
end

local function clear_offer(task)
  set(task, 'invited', nil)
  set(task, 'deliver_by', nil)
  set(task, 'deadline', nil)
  put(task, 'delivered', nil)
end

-- One invited agent loses the offer. What it means for him depends on the result.
local function drop_invited(c, task, user, result, how)
  local invited = {}
  for _, other in ipairs(words_of(task.f.invited)) do
    if other ~= user then
      invited[#invited + 1] = other
    end
  end
  set(task, 'invited', words_text(invited))
  note_past(c, task, user, result)
  log(c, result, { 'task', task.id, 'service', service_of(task), 'offer', task.f.offer, 'user', user, 'how', how or '' })
  local agent = load_agent(c, user)
  if agent then
    release(c, agent, task.id)
    if DECLINED_OR_MISSED[result] then
      put_back(c, agent)
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

-- Every member declined within this waiting period.
local function all_declined(c, task)
  local declined = {}
  local count = 0
  for _, entry in ipairs(pairs_of(task.f.past)) do
    if string.sub(entry[2], 1, 9) == 'declined:' then
      declined[entry[1]] = true
      count = count + 1
    end
  end
  local members = members_key(c, service_of(task))
  if count == 0 or count < redis.call('ZCARD', members) then
    return false
  end
  for _, user in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    if not declined[user] then
      return false
    end
  end
  return true
end

local function queue_ends(c, task)
  return num(task, 'since') + rule(c, service_of(task), 'queue_seconds') * 1000
end

local function give_up(c, task)
  local outcome = task.f.service and all_declined(c, task) and 'declined_by_all' or 'not_answered'
  close_task(c, task, outcome, 'system', 'queue_time')
end

-- Nobody has it any more: it waits again, with the waiting time that it already has.
local function go_back(c, task, why)
  leave_running(c, task)
  clear_offer(task)
  set(task, 'offer', nil)
  set(task, 'state', 'queued')
  set(task, 'why', why)
  log(c, 'requeued', { 'task', task.id, 'service', service_of(task), 'why', why })
  if c.now >= queue_ends(c, task) then
    give_up(c, task)
  else
    seek(c, task)
  end
end

-- The last invited agent lost the offer for this reason; a direct task that was declined or missed has nobody else to ask.
local function if_nobody_left(c, task, result)
  if task.f.invited then
    return
  end
  if not task.f.service and result == 'declined' then
    clear_offer(task)
    close_task(c, task, 'declined_by_all', 'agent', result)
  elseif not task.f.service and result == 'rona' then
    clear_offer(task)
    close_task(c, task, 'not_answered', 'system', result)
  else
    go_back(c, task, result)
  end
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
