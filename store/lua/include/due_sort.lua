--@include due
-- due_sort: marks arrive in `due`, one command for every class. Subjects that have become due are divided from there,
-- and from
-- the expired leases, into a set for each class and tenant. A subject is in only one of them, and in none while it is
-- held. `due-turns:<class>` holds the tenants with subjects of the class, in the order in which they are served.
local MOST_SORTED = 64  -- per call and source, so that no call takes long
local MOST_ASIDE = 1000
local CLASSES = { arrival = 'arrival', relay = 'relay', card = 'card', room = 'room' }

local function due_set(root, class, tenant)
  return root .. 'due-of:' .. class .. ':' .. tenant
end

-- Kind and tenant; nil for a text that no release can have marked: ids are printable ASCII.
local function due_read(subject)
  if string.find(subject, '[%c\128-\255]') then
    return nil
  end
  return string.match(subject, '^([%w_-]+):([^:]+)')
end

-- Set aside, for inspection.
local function due_put_aside(root, now, subject)
  redis.call('ZADD', root .. 'due-aside', now, subject)
  redis.call('ZREMRANGEBYRANK', root .. 'due-aside', 0, -MOST_ASIDE - 1)
  redis.call('SREM', root .. 'due-offers', subject)
  redis.call('DEL', root .. 'due:' .. subject)
end

-- `found`: {subject, instant, …}, none of them held.
local function due_divide(root, now, found, unreadable)
  local subjects = {}
  for i = 1, #found, 2 do
    subjects[#subjects + 1] = found[i]
  end
  local offers = redis.call('SMISMEMBER', root .. 'due-offers', unpack(subjects))
  for i, subject in ipairs(subjects) do
    local kind, tenant = due_read(subject)
    if not kind then
      due_put_aside(root, now, subject)
      unreadable[#unreadable + 1] = string.gsub(subject, '[^%w:_.-]', '?')
    else
      local class = CLASSES[kind] or 'other'
      if class == 'card' and offers[i] == 1 then
        redis.call('ZREM', due_set(root, class, tenant), subject)
        class = 'offer'
      end
      redis.call('ZADD', due_set(root, class, tenant), 'NX', found[2 * i], subject)
      redis.call('ZADD', root .. 'due-turns:' .. class, 'NX', now, tenant)
    end
  end
end

-- Returns the unreadable ones, escaped to be readable.
local function due_sort_all(root, now)
  local due, leases, unreadable = root .. 'due', root .. 'leases', {}
  -- The worker has died, or the wait is over.
  local ended = redis.call('ZRANGE', leases, '-inf', now, 'BYSCORE', 'LIMIT', 0, MOST_SORTED, 'WITHSCORES')
  local marked = redis.call('ZRANGE', due, '-inf', now, 'BYSCORE', 'LIMIT', 0, MOST_SORTED, 'WITHSCORES')
  if ended[1] then
    for i = 1, #ended, 2 do
      redis.call('ZREM', leases, ended[i])
    end
    due_divide(root, now, ended, unreadable)
  end
  local free = {}
  for i = 1, #marked, 2 do
    local ends = redis.call('ZSCORE', leases, marked[i])
    if ends then
      -- Marked while a worker held it, and the lease was extended since.
      redis.call('ZADD', due, ends, marked[i])
    else
      redis.call('ZREM', due, marked[i])
      free[#free + 1], free[#free + 2] = marked[i], marked[i + 1]
    end
  end
  if free[1] then
    due_divide(root, now, free, unreadable)
  end
  return unreadable
end

-- When the next undivided subject becomes due: ms, '' for never.
local function due_next(root)
  local next_at
  for _, key in ipairs({ root .. 'due', root .. 'leases' }) do
    local head = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2]
    if head and (not next_at or tonumber(head) < next_at) then
      next_at = tonumber(head)
    end
  end
  return next_at and string.format('%.0f', next_at) or ''
end
