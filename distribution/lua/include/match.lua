--@include queues
--@include past
--@include eligible
--@include policy
-- match: brings waiting tasks and selectable agents together, in the call that makes it possible.
local MOST_SKIPPED = 32    -- heads an agent declined that are passed over in one call; a deadline goes on
local MOST_MATCHED = 32    -- offers one call makes for a service; a deadline goes on
local SKIP_ON_AFTER = 100   -- ms

-- Stand in the queue of every lane, ranked by waiting since.
local function join_queue(c, task)
  for _, lane in ipairs(lanes_of(task)) do
    redis.call('ZADD', key_of(c, 'queue', lane), task.f.since, task.id)
  end
  task.listed = true
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

local function offer_if_selectable(c, task, agent)
  if agent and is_selectable(c, agent, service_of(task)) then
    make_offer(c, task, agent)
    return true
  end
  return false
end

-- The agent to ask for a task of this service: the first in order who was not asked yet, else the first who may be asked
-- again. Among the first n + 1 ready agents at least one is fresh if only n were asked; stale ones (time made them
-- unselectable a moment ago) are passed over and cleared away.
local function pick_agent(c, task, service)
  local ready = key_of(c, 'ready', service)
  local page = #pairs_of(task.f.past)
  local start, again = 0, nil
  while true do
    local users = redis.call('ZRANGE', ready, start, start + page)
    for _, user in ipairs(users) do
      local agent = load_agent(c, user)
      if not agent then
        redis.call('ZREM', ready, user)
      elseif not is_selectable(c, agent, service) then
        stir(c, agent)
      else
        local asked = asked_until(c, task, user)
        if asked == 0 then
          return agent
        elseif asked <= c.now then
          again = again or agent
        end
      end
    end
    if #users <= page then
      return again
    end
    start = start + page + 1
  end
end

local function match_task(c, task)
  if not task.f.service then
    if asked_until(c, task, task.f.user) > c.now then
      return false
    end
    return offer_if_selectable(c, task, load_agent(c, task.f.user))
  end
  if not has_room(c, task.f.service) then
    return false
  end
  local agent = pick_agent(c, task, task.f.service)
  if agent then
    make_offer(c, task, agent)
  end
  return agent ~= nil
end

local function head_of(c, lane, index)
  local head = redis.call('ZRANGE', key_of(c, 'queue', lane), index, index, 'WITHSCORES')
  if head[1] then
    return { id = head[1], rank = tonumber(head[2]), lane = lane, index = index }
  end
end

-- The head that ranks first, and its place in the list.
local function first_of(heads)
  local best = 1
  for i = 2, #heads do
    if heads[i].rank < heads[best].rank or (heads[i].rank == heads[best].rank and heads[i].id < heads[best].id) then
      best = i
    end
  end
  return heads[best], best
end

-- The waiting task that ranks first among the heads of the agent's lanes and may be offered to him.
local function match_agent(c, agent, lanes)
  local resume, heads, skipped = num(agent, 'resume') or 0, {}, 0
  put(agent, 'resume', nil)
  put(agent, 'resume_at', nil)
  for _, lane in ipairs(lanes) do
    heads[#heads + 1] = head_of(c, lane, resume)
  end
  while #heads > 0 do
    local head, place = first_of(heads)
    local task = load_task(c, head.id)
    if not task or task.f.state ~= 'queued' then
      table.remove(heads, place)
    elseif task.f.service and not has_room(c, task.f.service) then
      table.remove(heads, place)
    elseif asked_until(c, task, agent.user) <= c.now then
      make_offer(c, task, agent)
      return true
    else
      skipped = skipped + 1
      if skipped == MOST_SKIPPED then
        put(agent, 'resume', head.index + 1)
        put(agent, 'resume_at', c.now + SKIP_ON_AFTER)
        return false
      end
      heads[place] = head_of(c, head.lane, head.index + 1)
      if not heads[place] then
        table.remove(heads, place)
      end
    end
  end
  return false
end

-- Waiting tasks of a service, in order, while there is room and anybody ready. Returns whether there may be more.
local function match_service(c, service)
  local queue, ready = key_of(c, 'queue', service), key_of(c, 'ready', service)
  for _, id in ipairs(redis.call('ZRANGE', queue, 0, MOST_MATCHED - 1)) do
    if redis.call('EXISTS', ready) == 0 or not has_room(c, service) then
      return false
    end
    local task = load_task(c, id)
    if task and task.f.state == 'queued' then
      match_task(c, task)
    end
  end
  return redis.call('ZCARD', queue) >= MOST_MATCHED and redis.call('EXISTS', ready) == 1 and has_room(c, service)
end

local function open_lanes(c, agent)
  local lanes = {}
  if is_blocked(c, agent) then
    return lanes
  end
  for _, service in ipairs(pairs_of(agent.f.services)) do
    if service[2] == '1' and not presence_reason(c, agent, service[1]) then
      lanes[#lanes + 1] = service[1]
    end
  end
  if agent.f.direct == '1' and not presence_reason(c, agent, '') then
    lanes[#lanes + 1] = '@' .. agent.user
  end
  return lanes
end

-- Stand in the ready set of each open lane, and in no other. A direct lane needs no set: it has one agent.
local function stand_ready(c, agent, lanes)
  local before, now_in = agent.f.ready, {}
  for _, lane in ipairs(lanes) do
    if string.sub(lane, 1, 1) ~= '@' then
      now_in[#now_in + 1] = lane
      if agent.moved or not has_word(before, lane) then
        redis.call('ZADD', key_of(c, 'ready', lane), whole(score_of(c, agent, lane)), agent.user)
      end
    end
  end
  local after = words_text(now_in)
  for _, lane in ipairs(words_of(before)) do
    if not has_word(after, lane) then
      redis.call('ZREM', key_of(c, 'ready', lane), agent.user)
    end
  end
  agent.moved = false
  put(agent, 'ready', after)
end
