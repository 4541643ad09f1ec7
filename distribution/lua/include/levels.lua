--@include unit
-- levels: which agents a service asks after how much waiting, and the lanes in which a task stands. The lane of level 1 holds every
-- waiting task of the service, that of level n those which are open to it. An agent stands in the lane of their own level only.
-- A service's levels are packed as `after:user,user:skill,skill|…`; one without levels has every member in level 1.
local PRIORITY_BAND = 1e13  -- ms: wider than any instant for the next 250 years, so that no waiting makes up for it
local STRICT_BAND = 1e14
local PRIORITIES = { high = 1, low = -1 }

local function lane_at(service, level)
  return level == 1 and service or service .. '/' .. level
end

local function service_of_lane(lane)
  return string.match(lane, '^[^/]*')
end

-- The lower, the sooner. Time changes nothing about the order, for all that wait grow older alike.
local function rank_of(c, task)
  local since = num(task, 'since')
  if task.f.priority == 'strict' then
    return since - STRICT_BAND
  end
  local step = PRIORITIES[task.f.priority]
  if not step then
    return since
  end
  local age = rule(c, service_of(task), 'age_every_seconds') * 1000
  return since - step * (age > 0 and age or PRIORITY_BAND)
end

-- How many levels are open to a task by now, and when the next one opens (nil: never).
local function levels_open(c, task)
  local open, number, following = 1, 0, nil
  for after in string.gmatch(rule_word(c, service_of(task), 'levels') or '', '(%d+):[^|]*') do
    number = number + 1
    local at = num(task, 'since') + after * 1000
    if at <= c.now then
      open = number
    else
      following = following or at
    end
  end
  return open, following
end

local function level_of(task)
  return num(task, 'level') or 1
end

-- Open it to all levels whose time has come. Returns the highest.
local function set_level(c, task)
  local open = levels_open(c, task)
  set(task, 'level', open > 1 and open or nil)
  return open
end

-- Stand in the lanes of all levels that are open by now.
local function enter_queue(c, task)
  local open, rank = set_level(c, task), rank_of(c, task)
  for level = 1, open do
    redis.call('ZADD', key_of(c, 'queue', lane_at(lane_of(task), level)), whole(rank), task.id)
  end
  task.listed = true
end

local function leave_queue(c, task)
  if task.listed then
    for level = 1, level_of(task) do
      redis.call('ZREM', key_of(c, 'queue', lane_at(lane_of(task), level)), task.id)
    end
    task.listed = false
  end
end

-- What has opened since it was looked at last.
local function open_levels(c, task)
  local open, before = levels_open(c, task), level_of(task)
  if open > before then
    enter_queue(c, task)
    for level = before + 1, open do
      log(c, 'level_opened', { 'task', task.id, 'service', task.f.service, 'level', level })
    end
  end
end
