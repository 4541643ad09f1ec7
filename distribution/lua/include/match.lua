--@include eligible
--@include asked
--@include levels
--@include policy
-- match: brings waiting tasks and selectable agents together, in the call that makes it possible.
local MOST_SKIPPED = 32    -- heads that are passed over in one call; a deadline goes on
local MOST_MATCHED = 32    -- offers that one call makes; a deadline goes on
local SKIP_ON_AFTER = 100  -- ms
local MOST_INVITED = 10    -- agents that a broadcast rings at

local function is_fit(c, agent, service)
  return not is_blocked(c, agent) and not standing_reason(agent, service) and not presence_reason(c, agent, service)
end

local function is_selectable(c, agent, service)
  return is_fit(c, agent, service) and not cut_off(c, agent)
end

-- One that is handed on within its service has its place already.
local function has_room(c, task)
  local service = task.f.service
  return task.f.home == service or redis.call('SCARD', key_of(c, 'running', service)) < rule(c, service, 'concurrent')
end

-- May a task be offered at all? Those of a pickup service wait until an agent takes one himself.
local function offers(c, task)
  local service = task.f.service
  if rule_word(c, service, 'kind') == nil then
    look_up(c, service, { 'kind', 'concurrent', 'deliver_seconds' })
  end
  return rule_word(c, service, 'kind') ~= 'pickup' and has_room(c, task)
end

-- One that is not offered stands in nobody's way. false: there may be others of its service that can be, for they are handed
-- on within it and have their places already; nil: there are none.
local function passed_over(c, service)
  if rule_word(c, service, 'kind') ~= 'pickup' then
    local queue, running = key_of(c, 'queue', service), key_of(c, 'running', service)
    if redis.call('ZINTERCARD', 2, queue, running, 'LIMIT', 1) == 1 then
      return false
    end
  end
end

-- Has the task waited long enough for the level that they are in?
local function is_open_to(agent, task)
  return (tonumber(pair_get(agent.f.levels, service_of(task))) or 1) <= level_of(task)
end

-- Stand in the ready set of each open lane, and in no other. A direct lane needs no set: it has one agent.
local function stand_ready(c, agent, lanes)
  local before, after = agent.f.ready, {}
  for _, lane in ipairs(lanes) do
    if string.sub(lane, 1, 1) ~= '@' then
      after[#after + 1] = lane
      if agent.moved or not has_word(before, lane) then
        local score = POLICIES[rule_word(c, service_of_lane(lane), 'policy') or 'longest_idle'](agent)
        redis.call('ZADD', key_of(c, 'ready', lane), score, agent.user)
      end
    end
  end
  after = table.concat(after, ' ')
  for lane in string.gmatch(before or '', WORD) do
    if not has_word(after, lane) then
      redis.call('ZREM', key_of(c, 'ready', lane), agent.user)
    end
  end
  agent.moved = false
  put(agent, 'ready', after)
end

-- The agent's place among those who are ready for this task, from 1, and how many those are. One who has just become free
-- does not stand among them yet, and one that a supervisor names may be in no open level: then the place is the last.
local function place_of(c, task, agent)
  local service, place, ready = task.f.service, nil, 0
  if not service then
    return 1, 1
  end
  local own = tonumber(pair_get(agent.f.levels, service)) or 1
  for level = 1, level_of(task) do
    local lane = key_of(c, 'ready', lane_at(service, level))
    if level == own then
      local score = redis.call('ZSCORE', lane, agent.user)
      local before = score or whole(POLICIES[rule_word(c, service, 'policy') or 'longest_idle'](agent))
      place = ready + 1 + redis.call('ZCOUNT', lane, '-inf', '(' .. before)
      ready = ready + (score and 0 or 1)
    end
    ready = ready + redis.call('ZCARD', lane)
  end
  ready = place and ready or ready + 1
  return place or ready, ready
end

local function make_offer(c, task, agents)
  local service = task.f.service
  leave_queue(c, task)
  if service then
    redis.call('SADD', key_of(c, 'running', service), task.id)
  end
  local number = ((num(task, 'offers') or 0) + 1) .. ''
  put(task, 'offers', number)
  set(task, 'state', 'offered')
  set(task, 'offer', number)
  set(task, 'offered', c.now)
  set(task, 'deliver_by', c.now + rule(c, service or '', 'deliver_seconds') * 1000)
  set(task, 'why', nil)
  set(task, 'pause', nil)
  local invited, places, ready = nil, {}, 0
  for i, agent in ipairs(agents) do
    places[i], ready = place_of(c, task, agent)
  end
  for i, agent in ipairs(agents) do
    invited = invited and invited .. ' ' .. agent.user or agent.user
    put(agent, 'last_offer', c.now)
    agent.moved = true
    hold(c, agent, task.id, 'ringing')
    -- At once, so that nobody comes upon them while this call goes on.
    stand_ready(c, agent, {})
    log(c, 'offered', {
      'task', task.id, 'service', service or '', 'offer', number, 'user', agent.user, 'since', task.f.since,
      'idle', agent.f.idle_since, 'rank', places[i], 'ready', ready,
    })
  end
  set(task, 'invited', invited)
end

-- Who is ready in this lane, in order, page by page: `each(agent)` says true when it has enough. Stale ones (time made
-- them unselectable a moment ago) are passed over and cleared away.
local function each_ready(c, lane, service, page, each)
  local ready, start = key_of(c, 'ready', lane), 0
  while true do
    local users = redis.call('ZRANGE', ready, start, start + page)
    for _, user in ipairs(users) do
      local agent = load_agent(c, user)
      if not is_fit(c, agent, service) then
        stir(c, agent)
      elseif cut_off(c, agent) then
        note_cut(c, service)
      elseif each(agent) then
        return true
      end
    end
    if #users <= page then
      return false
    end
    start = start + page + 1
  end
end

-- The agents to ask, `most` at the most: those that the task prefers, then the first in order, level by level. Agents who were
-- asked already come after all others, and not before they may be asked again.
local function pick_agents(c, task, service, most)
  local picked, again, known = {}, {}, {}
  local function consider(agent)
    local asked = not known[agent.user] and asked_until(task, agent.user)
    known[agent.user] = true
    if asked == 0 then
      picked[#picked + 1] = agent
    elseif asked and asked <= c.now and #again < most then
      again[#again + 1] = agent
    end
    return #picked == most
  end
  for user in string.gmatch(task.f.preferred or '', WORD) do
    local agent = load_agent(c, user)
    if agent and is_open_to(agent, task) and is_selectable(c, agent, service) and consider(agent) then
      return picked
    end
  end
  -- Among the first n + 1 ready agents at least one is fresh if only n were asked.
  local _, page = string.gsub(task.f.past or '', '=', '')
  for level = 1, level_of(task) do
    if each_ready(c, lane_at(service, level), service, page + most - 1, consider) then
      return picked
    end
  end
  return picked[1] and picked or again
end

local function match_task(c, task)
  local service, agents = task.f.service, {}
  if not service then
    local agent = load_agent(c, task.f.user)
    if agent and asked_until(task, task.f.user) <= c.now and is_fit(c, agent, '') then
      if cut_off(c, agent) then
        note_cut(c, lane_of(task))
      else
        agents = { agent }
      end
    end
  elseif offers(c, task) then
    agents = pick_agents(c, task, service, rule_word(c, service, 'kind') == 'broadcast' and MOST_INVITED or 1)
  end
  if agents[1] then
    make_offer(c, task, agents)
  end
  return agents[1] ~= nil
end

local function head_of(c, lane, index)
  local head = redis.call('ZRANGE', key_of(c, 'queue', lane), index, index, 'WITHSCORES')
  return head[1] and { id = head[1], rank = tonumber(head[2]), lane = lane, index = index }
end

-- Go through the waiting tasks of these lanes, those that rank first first, beginning `from` places behind the heads. `try`
-- makes an offer and says so, or says that it cannot be done for this task (false) or for its whole lane (nil).
-- Returns how many were offered, and where it stopped if there may be more.
local function each_waiting(c, lanes, from, most, try)
  local heads, offered, skipped = {}, 0, 0
  for _, lane in ipairs(lanes) do
    heads[#heads + 1] = head_of(c, lane, from)
  end
  while #heads > 0 do
    local best = 1
    for i = 2, #heads do
      local head, first = heads[i], heads[best]
      if head.rank < first.rank or (head.rank == first.rank and head.id < first.id) then
        best = i
      end
    end
    local head = heads[best]
    local done = try(load_task(c, head.id), head.lane)
    if done then
      offered = offered + 1
    elseif done == false then
      skipped = skipped + 1
      head.index = head.index + 1
    end
    if offered == most then
      return offered
    elseif skipped == MOST_SKIPPED then
      return offered, head.index
    end
    local following = nil
    if done ~= nil then
      following = head_of(c, head.lane, head.index)
    end
    if following then
      heads[best] = following
    else
      table.remove(heads, best)
    end
  end
  return offered
end

-- The waiting task that ranks first among the lanes of a free agent and may be offered to them.
local function match_agent(c, agent, lanes)
  if cut_off(c, agent) then
    for _, lane in ipairs(lanes) do
      note_cut(c, service_of_lane(lane))
    end
    return false
  end
  local from = num(agent, 'resume') or 0
  local offered, stopped = each_waiting(c, lanes, from, 1, function(task)
    if task.f.service and not offers(c, task) then
      return passed_over(c, task.f.service)
    elseif asked_until(task, agent.user) > c.now then
      return false
    end
    make_offer(c, task, { agent })
    return true
  end)
  put(agent, 'resume', stopped)
  put(agent, 'resume_at', stopped and c.now + SKIP_ON_AFTER)
  return offered == 1
end

local function anybody_ready(c, task)
  for level = 1, level_of(task) do
    if redis.call('EXISTS', key_of(c, 'ready', lane_at(task.f.service, level))) == 1 then
      return true
    end
  end
  return false
end

-- Offers what waits in these services (or direct lanes) to the agents who are ready. Returns whether it stopped before the end.
local function match_lanes(c, lanes)
  local offered, stopped = each_waiting(c, lanes, 0, MOST_MATCHED, function(task)
    if task.f.service and not offers(c, task) then
      return passed_over(c, task.f.service)
    elseif task.f.service and not anybody_ready(c, task) then
      if (rule_word(c, task.f.service, 'levels') or '') == '' then
        return nil
      end
      return false
    end
    return match_task(c, task)
  end)
  return offered == MOST_MATCHED or stopped ~= nil
end

-- The lanes in which nothing stands against the agent.
local function open_lanes(c, agent)
  local lanes = {}
  if is_blocked(c, agent) then
    return lanes
  end
  local presence, levels = presence_now(c, agent), agent.f.levels
  for service, active in string.gmatch(agent.f.services or '', PAIR) do
    local level = levels and pair_get(levels, service) or '1'
    if active == '1' and level ~= '0' and not reason_of_presence(c, presence, service) then
      lanes[#lanes + 1] = level == '1' and service or lane_at(service, level)
    end
  end
  if agent.f.direct == '1' and not reason_of_presence(c, presence, '') then
    lanes[#lanes + 1] = '@' .. agent.user
  end
  return lanes
end
