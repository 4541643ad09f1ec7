--@include unit
-- past: how the latest offer of a task to an agent ended; packed as `user=result:at:offer`.
local DECLINED_OR_MISSED = { declined = true, rona = true, undelivered = true, failed = true }

local function past_of(task, user)
  local entry = pair_get(pairs_of(task.f.past), user)
  if entry then
    local result, at, offer = string.match(entry, '^(%a+):(%d+):(%d+)$')
    return { result = result, at = tonumber(at), offer = offer }
  end
end

local function note_past(c, task, user, result)
  local past = pairs_of(task.f.past)
  pair_put(past, user, result .. ':' .. whole(c.now) .. ':' .. task.f.offer)
  set(task, 'past', pairs_text(past))
end

-- Until when this agent is not asked again: 0 = he may be asked now and comes first, as he was not asked yet.
local function asked_until(c, task, user)
  local past = past_of(task, user)
  if not past or not DECLINED_OR_MISSED[past.result] then
    return 0
  end
  return past.at + rule(c, service_of(task), 'reoffer_seconds') * 1000
end
