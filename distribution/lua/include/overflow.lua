--@include give_up
--@include hours
--@include hours
-- overflow: a task that this service cannot seat goes to another one, waits on, or was not answered.
local MOST_HOPS = 3

local function can_take(c, task, service)
  look_up(c, service, { 'kind', 'removed', 'im_enabled', 'licensed', 'hours' })
  return rule_word(c, service, 'kind') and not rule_word(c, service, 'removed')
    and rule(c, service, 'im_enabled') == 1 and rule(c, service, 'licensed') == 1
    and closes_at(c, service) ~= nil
    and service ~= task.f.service and not has_word(task.f.hops, service)
end

local function start_queue_time(c, task)
  put(task, 'ends', c.now + rule(c, service_of(task), 'queue_seconds') * 1000)
  c.fresh[#c.fresh + 1] = task
  set_level(c, task)
end

-- It keeps the waiting time that it already has; the queue time starts again.
local function move_on(c, task, service, why)
  local from, hops = task.f.service, task.f.hops
  leave_queue(c, task)
  set(task, 'service', service)
  set(task, 'level', nil)
  set(task, 'hops', hops and hops .. ' ' .. from or from)
  log(c, 'overflowed', { 'task', task.id, 'from', from, 'to', service, 'why', why })
  start_queue_time(c, task)
  seek(c, task)
end

-- `why`: queue_time, queue_limit or hours.
local function overflow(c, task, why)
  local to = task.f.service and rule_word(c, task.f.service, 'overflow') or 'form'
  if to == 'wait' then
    if put(task, 'ends', nil) then
      log(c, 'waits_on', { 'task', task.id, 'service', task.f.service, 'why', why })
    end
    return
  elseif to ~= 'form' then
    local _, hops = string.gsub(task.f.hops or '', WORD, '')
    if hops < MOST_HOPS and can_take(c, task, to) then
      return move_on(c, task, to, why)
    end
  end
  if why == 'queue_time' then
    give_up(c, task)
  else
    close_task(c, task, why == 'hours' and 'outside_hours' or why, 'system', why, 'system')
  end
end

-- Arrived: from now on it waits, where the service is open.
local function begin_waiting(c, task)
  set(task, 'state', 'queued')
  set(task, 'since', c.now)
  if closes_at(c, service_of(task)) == nil then
    if rule_word(c, service_of(task), 'hours_end') == 'overflow' and rule_word(c, service_of(task), 'overflow') ~= 'wait' then
      return overflow(c, task, 'hours')
    end
    return close_task(c, task, 'outside_hours', 'system', 'hours', 'system')
  end
  start_queue_time(c, task)
  seek(c, task)
end

-- Who found the queue full goes on. Returns whether there was one.
local function overflow_queue(c)
  local fresh, any = c.fresh, false
  c.fresh = {}
  for _, task in ipairs(fresh) do
    local limit = task.f.service and rule(c, task.f.service, 'queue_limit') or 0
    if limit > 0 and task.listed and redis.call('ZCARD', key_of(c, 'queue', task.f.service)) > limit then
      overflow(c, task, 'queue_limit')
      any = true
    end
  end
  return any
end
