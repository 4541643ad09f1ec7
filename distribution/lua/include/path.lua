--@include unit
--@include due
--@include deadline
-- path: whether cards reach anybody in Teams. A fault of the path (Microsoft does not answer, takes no token, is busy) is
-- nobody's fault: while it lasts, agents who are reached by cards alone are passed over and keep their places, and what could
-- not be sent waits. `down`: since when (ms); `ok`: when a card or a probe last arrived (ms). `cut` holds the lanes in which
-- somebody was passed over, `stalled` the due subjects that wait: they go on when the path is there again.
local PATH_LASTS = 30000  -- ms: what no probe confirms is over by itself
local WOKEN_AT_ONCE = 500
local WAKE_ON_AFTER = 50  -- ms

local function path_of(c)
  if not c.path then
    local found = redis.call('HMGET', c.root .. 'path:' .. c.tenant, 'down', 'ok', 'until')
    c.path = { down = tonumber(found[1]), ok = tonumber(found[2]) or 0, ends = tonumber(found[3]) or 0, cut = {} }
  end
  return c.path
end

-- Somebody was passed over in this lane.
local function note_cut(c, lane)
  local cut = path_of(c).cut
  if not cut[lane] then
    cut[lane] = true
    redis.call('SADD', c.root .. 'cut:' .. c.tenant, lane)
  end
end

-- A card or a probe has arrived.
local function path_works(c)
  path_of(c).ok = c.now
  redis.call('HSET', c.root .. 'path:' .. c.tenant, 'ok', whole(c.now))
end

-- Send something harmless, to see.
local function path_probe(c)
  due_mark(c.root, 'path:' .. c.tenant)
end

-- `more`: so many ms longer than usual, as Teams asked for a pause. Returns whether that is new.
local function path_breaks(c, why, more)
  local path, key = path_of(c), c.root .. 'path:' .. c.tenant
  path.ends = c.now + PATH_LASTS + more
  redis.call('HSET', key, 'until', whole(path.ends))
  deadline_set(c.root, c.tenant, 'path:' .. c.tenant, path.ends)
  if path.down then
    return false
  end
  path.down = c.now
  redis.call('HSET', key, 'down', whole(c.now), 'why', why)
  log(c, 'path_down', { 'why', why })
  bell('directory', c.tenant, '-', 0)
  return true
end

-- `how`: `reached`, or `time` when nobody has looked for long.
local function path_heals(c, how)
  local path = path_of(c)
  if not path.down then
    return false
  end
  redis.call('HDEL', c.root .. 'path:' .. c.tenant, 'down', 'why', 'until')
  log(c, 'path_up', { 'since', whole(path.down), 'how', how })
  bell('directory', c.tenant, '-', 0)
  path.down = nil
  return true
end

-- The path is there: bring to where it can go on what waits for it. `path_go_on` comes after `finish`.
local function path_wakes(c)
  for _, lane in ipairs(redis.call('SMEMBERS', c.root .. 'cut:' .. c.tenant)) do
    c.lanes[#c.lanes + 1] = lane
  end
  local subjects = redis.call('SPOP', c.root .. 'stalled:' .. c.tenant, WOKEN_AT_ONCE)
  if subjects[1] then
    due_mark_all(c.root, subjects)
  end
end

-- Once more in a moment, should it have stopped before the end.
local function path_go_on(c)
  local more = c.unfinished or redis.call('EXISTS', c.root .. 'stalled:' .. c.tenant) == 1
  if not c.unfinished then
    redis.call('DEL', c.root .. 'cut:' .. c.tenant)
  end
  if more then
    deadline_set(c.root, c.tenant, 'path:' .. c.tenant, c.now + WAKE_ON_AFTER)
  else
    deadline_clear(c.root, c.tenant, 'path:' .. c.tenant)
  end
end
