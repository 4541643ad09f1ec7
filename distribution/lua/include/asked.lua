--@include unit
-- asked: how the latest offer of a task to an agent ended; packed as `user=result:at:offer`.
local NOT_AGAIN = { declined = true, rona = true, undelivered = true, failed = true }

-- Result, instant and offer; nil when he was not asked yet.
local function past_of(task, user)
  local entry = pair_get(task.f.past, user)
  if entry then
    return string.match(entry, '^(%a+):(%d+):(%d+)$')
  end
end

local function note_past(c, task, user, result)
  set(task, 'past', pair_put(task.f.past, user, result .. ':' .. whole(c.now) .. ':' .. task.f.offer))
end

-- Until when this agent is not asked again; 0 = he was not asked yet, and comes before those who were.
local function asked_until(c, task, user)
  local result, at = past_of(task, user)
  if not result or not NOT_AGAIN[result] then
    return 0
  end
  return tonumber(at) + rule(c, service_of(task), 'reoffer_seconds') * 1000
end
