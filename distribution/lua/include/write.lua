--@include asked
--@include hours
--@include levels
--@include silence
--@include deadline
--@include due
-- write: a task as it became: saved once, with its deadline, its effects marked as due, and its bells rung. Verbs that free
-- nobody and need nobody end here; all others end with `finish`.
local CLOSED_KEPT = 2592000  -- seconds: 30 days
local VISITOR_SEES = { queued = 1, offered = 1, connecting = 1, active = 2, acw = 3, closed = 3 }
local TALKED = { active = true, acw = true, closed = true }

local function earlier(a, b)
  return a and (not b or a < b) and a or b
end

-- When the visitor counts as away, or as gone; nil when they are watched no longer.
local function visitor_until(c, task)
  local left = num(task, 'left')
  if left then
    local grace = in_talk(task) and 'visitor_grace_active_seconds' or 'visitor_grace_waiting_seconds'
    return left + rule(c, service_of(task), grace) * 1000
  end
  return latest_of(task.f.conns)
end

-- When the next step of silence is due. It only ever comes later, so that it is worked out where a talk begins, and where
-- the deadline that stood has passed.
local function silence_next(c, task)
  if task.f.next and (task.was == task.f.state or task.f.state ~= 'active') then
    return nil
  end
  look_up_silence(c, task)
  local warns, ends = idle_instants(c, task)
  return earlier(stale_at(c, task), earlier(warns, ends))
end

-- When time alone next changes something about the task; nil when nothing can.
local function task_next(c, task)
  local state = task.f.state
  if state == 'closed' then
    return nil
  elseif state == 'acw' then
    return num(task, 'acw_until')
  end
  local at = earlier(silence_next(c, task), visitor_until(c, task))
  if state ~= 'connecting' then
    at = earlier(num(task, 'transfer_ends'), at)
  end
  if state == 'offered' then
    for user in string.gmatch(task.f.invited, WORD) do
      at = earlier(num(task, has_word(task.f.delivered, user) and 'deadline' or 'deliver_by'), at)
    end
  elseif state == 'queued' then
    at = earlier(num(task, 'ends'), at)
    at = not task.f.holder and earlier(hours_end(c, task), at) or at
    local _, following = levels_open(c, task)
    at = earlier(following, at)
    at = earlier(num(task, 'pause'), at)
    for user in string.gmatch(task.f.past or '', PAIR) do
      local asked = asked_until(task, user)
      if asked > c.now then
        at = earlier(asked, at)
      end
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

local function save(record)
  local fields, key = record.f, record.key
  local sets, set_to, dels, del_to = { 'HSET', key }, 2, nil, 2
  for name in pairs(record.changed) do
    local value = fields[name]
    if value ~= nil then
      sets[set_to + 1], sets[set_to + 2] = name, value
      set_to = set_to + 2
    else
      dels = dels or { 'HDEL', key }
      del_to = del_to + 1
      dels[del_to] = name
    end
  end
  if set_to > 2 then
    redis.call(unpack(sets, 1, set_to))
  end
  if dels then
    redis.call(unpack(dels, 1, del_to))
  end
end

-- Whose picture of the task must be brought up to date: everybody who has it or had it, the room, the visitor's door.
local function mark_effects(c, task)
  local f, state = task.f, task.f.state
  local id, subjects = c.tenant .. ':' .. task.id, {}
  local function mark(subject)
    subjects[#subjects + 1] = subject
  end
  for user in string.gmatch(f.past or '', PAIR) do
    mark('card:' .. id .. ':' .. user)
  end
  local offers = {}
  for user in string.gmatch(f.invited or '', WORD) do
    if not pair_get(f.past, user) then
      mark('card:' .. id .. ':' .. user)
    end
    if not has_word(f.delivered, user) then
      offers[#offers + 1] = 'card:' .. id .. ':' .. user
    end
  end
  if task.room_changed
    or task.was ~= state and (state == 'connecting' or task.was == 'connecting' and state == 'closed') then
    mark('room:' .. id)
  end
  if f.won and (TALKED[state] or f.holder) then
    mark('relay:' .. id)
  end
  if state == 'arriving' and not task.was then
    mark('arrival:' .. id)
  end
  if subjects[1] then
    due_mark_all(c.root, subjects)
  end
  if offers[1] then
    due_offers(c.root, offers)
  end
end

local function finish_task(c, task)
  local f = task.f
  if task.touched then
    put(task, 'rev', (num(task, 'rev') or 0) + 1)
  end
  arm(c, task, 'task:' .. c.tenant .. ':' .. task.id, task_next(c, task))
  save(task)
  if not task.was then
    redis.call('ZADD', c.root .. 'open:' .. c.tenant, f.created, task.id)
    if f.state == 'arriving' then
      redis.call('HSET', c.root .. 'arriving:' .. c.tenant, task.id, f.service or '')
    end
  elseif task.was == 'arriving' and f.state ~= 'arriving' then
    redis.call('HDEL', c.root .. 'arriving:' .. c.tenant, task.id)
  end
  if f.state == 'closed' and task.was ~= 'closed' then
    redis.call('EXPIRE', task.key, CLOSED_KEPT)
    redis.call('ZREM', c.root .. 'open:' .. c.tenant, task.id)
  end
  if task.touched then
    mark_effects(c, task)
    bell('task', c.tenant, task.id, f.rev)
    if VISITOR_SEES[f.state] ~= VISITOR_SEES[task.was] or task.changed.warned then
      bell('conv', c.tenant, task.id, 0)
    end
  end
end

-- The reply of a task's verb: verdict, why, and the fields of the task as it is now.
local function answer(task, verdict, why)
  return { verdict, why or '', task and cjson.encode(task.f) or '' }
end

local function allows(allowed, task)
  return string.find(allowed, ' ' .. task.f.state .. ' ', 1, true) ~= nil
end
