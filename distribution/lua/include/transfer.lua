--@include offer_end
--@include levels
--@include silence
--@include user_session
-- transfer: a talk is handed on. Until another agent is in it the first one, `holder`, keeps it and their slot; `home` is the
-- lane it came from, whose place among the concurrent chats it keeps too.
local NEVER = '9000000000000000'  -- ms: an agent who transfers it is not asked for it, nor in their ACW of it

local function home_service(task)
  local home = task.f.home
  return home and string.sub(home, 1, 1) ~= '@' and home or nil
end

-- The agent had accepted it, and is not asked for it again before then.
local function keep_from(task, user, again)
  local _, _, offer = past_of(task, user)
  set(task, 'past', pair_put(task.f.past, user, 'accepted:' .. again .. ':' .. (offer or task.f.won)))
end

-- A concurrent chat less. Where the limit was reached, others may have waited for that; elsewhere all that wait, wait for an
-- agent.
local function leave_place(c, service, id)
  if redis.call('SREM', key_of(c, 'running', service), id) == 1
    and redis.call('SCARD', key_of(c, 'running', service)) + 1 >= rule(c, service, 'concurrent') then
    c.lanes[#c.lanes + 1] = service
  end
end

local function leave_running(c, task)
  local service = task.f.service
  if service and home_service(task) ~= service then
    leave_place(c, service, task.id)
  end
end

local function forget_transfer(task)
  for _, name in ipairs({ 'holder', 'home', 'transfer_to', 'transfer_ends' }) do
    set(task, name, nil)
  end
end

-- `to`: a service, or `@user`.
local function begin_transfer(c, task, to, ends)
  local holder, service = task.f.agent, task.f.service
  log(c, 'transferred', { 'task', task.id, 'from', service or '', 'to', to, 'user', holder, 'ends', ends })
  set(task, 'holder', holder)
  set(task, 'home', lane_of(task))
  set(task, 'transfer_to', to)
  set(task, 'transfer_ends', ends)
  keep_from(task, holder, NEVER)
  set(task, 'agent', nil)
  set(task, 'offer', nil)
  set(task, 'state', 'queued')
  set(task, 'why', nil)
  put(task, 'ends', nil)
  break_silence(c, task)
  if string.sub(to, 1, 1) ~= '@' then
    set(task, 'service', to)
    set_level(c, task)
    seek(c, task)
  end
end

-- It returns to the agent who wanted to hand it on, and they talk on.
local function come_home(c, task, why)
  local holder, connecting = task.f.holder, task.f.state == 'connecting' and task.f.agent
  leave_queue(c, task)
  withdraw_all(c, task, why)
  if connecting then
    local agent = load_agent(c, connecting)
    if agent then
      release(c, agent, task.id)
    end
    note_past(c, task, connecting, 'withdrawn')
  end
  leave_running(c, task)
  set(task, 'service', home_service(task))
  keep_from(task, holder, '0')
  local _, _, offer = past_of(task, holder)
  set(task, 'agent', holder)
  set(task, 'offer', offer)
  put(task, 'won', offer)
  set(task, 'state', 'active')
  set(task, 'level', nil)
  set(task, 'why', why)
  forget_transfer(task)
  break_silence(c, task)
  -- One who is offline has all the time again to write something.
  put(task, 'agent_spoke', c.now)
  task.room_changed = true
  log(c, 'returned', { 'task', task.id, 'user', holder, 'why', why })
end

-- Is there nobody left to ask in time? One agent who was meant is not asked twice; of a service everybody may have been asked.
local function nobody_to_ask(c, task)
  if c.now >= num(task, 'transfer_ends') or string.sub(task.f.transfer_to, 1, 1) == '@' then
    return true
  end
  local members, asked = key_of(c, 'members', task.f.service), 0
  for user, again in string.gmatch(task.f.past or '', '([^ =]+)=%a+:(%d+)') do
    local late = tonumber(again) >= num(task, 'transfer_ends') and redis.call('ZSCORE', members, user)
    asked = asked + (late and 1 or 0)
  end
  return asked >= redis.call('ZCARD', members)
end

-- They had the talk for this service ('' = direct), and another one has it now, or is looked for.
local function add_handed_on(task, user, service)
  set(task, 'handed_on', pair_put(task.f.handed_on, user, service))
  keep_entries(task, user)
end

-- Another agent is in it: the first one has their own ACW, by the rules of the service for which they had it.
local function hand_over(c, task)
  local holder, home = task.f.holder, home_service(task)
  local agent, acw_until = load_agent(c, holder), nil
  local acw = rule(c, home or '', 'acw_seconds') * 1000
  if home and home ~= task.f.service then
    leave_place(c, home, task.id)
  end
  if agent and acw > 0 then
    acw_until = whole(c.now + acw)
    hold(c, agent, task.id, 'acw')
    set(agent, 'wraps', pair_put(agent.f.wraps, task.id, acw_until))
    set(task, 'wraps', pair_put(task.f.wraps, holder, '0:' .. acw_until))
  elseif agent then
    release(c, agent, task.id)
  end
  keep_from(task, holder, acw_until and NEVER or '0')
  add_handed_on(task, holder, home or '')
  forget_transfer(task)
  break_silence(c, task)
  task.room_changed = true
  log(c, 'handed_on', { 'task', task.id, 'user', holder, 'to', task.f.agent, 'acw_until', acw_until or '' })
end
