--@include eligible
--@include asked
--@include policy
-- match: brings waiting tasks and selectable agents together, in the call that makes it possible.
local MOST_SKIPPED = 32    -- heads that are passed over in one call; a deadline goes on
local MOST_MATCHED = 32    -- offers that one call makes; a deadline goes on
local SKIP_ON_AFTER = 100  -- ms

local function is_selectable(c, agent, service)
  return not is_blocked(c, agent) and not standing_reason(agent, service) and not presence_reason(c, agent, service)
end

local function has_room(c, service)
  return redis.call('SCARD', key_of(c, 'running', service)) < rule(c, service, 'concurrent')
end

local function make_offer(c, task, agent)
  local service = task.f.service
  if task.listed then
    redis.call('ZREM', key_of(c, 'queue', lane_of(task)), task.id)
    task.listed = false
  end
  if service then
    redis.call('SADD', key_of(c, 'running', service), task.id)
  end
  local number = ((num(task, 'offers') or 0) + 1) .. ''
  put(task, 'offers', number)
  set(task, 'state', 'offered')
  set(task, 'offer', number)
  set(task, 'invited', agent.user)
  set(task, 'offered', c.now)
  set(task, 'deliver_by', c.now + rule(c, service or '', 'deliver_seconds') * 1000)
  set(task, 'why', nil)
  put(agent, 'last_offer', c.now)
  agent.moved = true
  hold(c, agent, task.id, 'ringing')
  log(c, 'offered', { 'task', task.id, 'service', service or '', 'offer', number, 'user', agent.user, 'since', task.f.since })
end

-- The agent to ask for a task of this service: the first in order who was not asked yet, else the first who may be asked
-- again. Among the first n + 1 ready agents at least one is fresh if only n were asked; stale ones (time made them
-- unselectable a moment ago) are passed over and cleared away.
local function pick_agent(c, task, service)
  local ready = key_of(c, 'ready', service)
  local _, page = string.gsub(task.f.past or '', '=', '')
  local start, again = 0, nil
  while true do
    local users = redis.call('ZRANGE', ready, start, start + page)
    for _, user in ipairs(users) do
      local agent = load_agent(c, user)
      if is_selectable(c, agent, service) then
        local asked = asked_until(task, user)
        if asked == 0 then
          return agent
        elseif asked <= c.now then
          again = again or agent
        end
      else
        stir(c, agent)
      end
    end
    if #users <= page then
      return again
    end
    start = start + page + 1
  end
end

local function match_task(c, task)
  local service, agent = task.f.service, nil
  if not service then
    agent = load_agent(c, task.f.user)
    if not agent or asked_until(task, task.f.user) > c.now or not is_selectable(c, agent, '') then
      return false
    end
  elseif has_room(c, service) then
    agent = pick_agent(c, task, service)
  end
  if agent then
    make_offer(c, task, agent)
  end
  return agent ~= nil
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

-- The waiting task that ranks first among the lanes of a free agent and may be offered to him.
local function match_agent(c, agent, lanes)
  local from = num(agent, 'resume') or 0
  local offered, stopped = each_waiting(c, lanes, from, 1, function(task, lane)
    if task.f.service and not has_room(c, lane) then
      return nil
    elseif asked_until(task, agent.user) > c.now then
      return false
    end
    make_offer(c, task, agent)
    return true
  end)
  put(agent, 'resume', stopped)
  put(agent, 'resume_at', stopped and c.now + SKIP_ON_AFTER)
  return offered == 1
end

-- Whoever is ready for what waits in these lanes. Returns whether it stopped before the end.
local function match_lanes(c, lanes)
  local offered, stopped = each_waiting(c, lanes, 0, MOST_MATCHED, function(task, lane)
    if task.f.service and (redis.call('EXISTS', key_of(c, 'ready', lane)) == 0 or not has_room(c, lane)) then
      return nil
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
  for service, active in string.gmatch(agent.f.services or '', PAIR) do
    if active == '1' and not presence_reason(c, agent, service) then
      lanes[#lanes + 1] = service
    end
  end
  if agent.f.direct == '1' and not presence_reason(c, agent, '') then
    lanes[#lanes + 1] = '@' .. agent.user
  end
  return lanes
end

-- Stand in the ready set of each open lane, and in no other. A direct lane needs no set: it has one agent.
local function stand_ready(c, agent, lanes)
  local before, after = agent.f.ready, {}
  for _, lane in ipairs(lanes) do
    if string.sub(lane, 1, 1) ~= '@' then
      after[#after + 1] = lane
      if agent.moved or not has_word(before, lane) then
        local score = POLICIES[rule_word(c, lane, 'policy') or 'longest_idle'](agent)
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
