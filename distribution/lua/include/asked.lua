--@include unit
-- asked: how the latest offer of a task to an agent ended; packed as `user=result:again:offer`, where `again` is from when
-- on they may be asked again, 0 if they count as not asked yet.
local NOT_AGAIN = { declined = true, rona = true, undelivered = true, failed = true }

-- Result, again and offer; nil when they were not asked yet.
local function past_of(task, user)
  local entry = pair_get(task.f.past, user)
  if entry then
    return string.match(entry, '^(%a+):(%d+):(%d+)$')
  end
end

local function note_past(c, task, user, result)
  local again = 0
  if NOT_AGAIN[result] then
    again = c.now + rule(c, service_of(task), 'reoffer_seconds') * 1000
  end
  set(task, 'past', pair_put(task.f.past, user, result .. ':' .. whole(again) .. ':' .. task.f.offer))
end

-- Until when this agent is not asked; those with 0 come before all others. While a task pauses, nobody is.
local function asked_until(task, user)
  local _, again = past_of(task, user)
  return math.max(tonumber(again or 0), num(task, 'pause') or 0)
end
