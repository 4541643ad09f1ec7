--@include unit
-- opening: attempts to open a task's room that failed. Only while nobody keeps the talk: one that is handed on has an end.
local LONGEST_PAUSE = 300000  -- ms

-- Count one and note why, and lay a pause before the next offer: `opening_pause_seconds`, doubled with each attempt. Returns its end (ms).
local function note_failed_opening(c, task, why)
  if task.f.holder then
    return nil
  end
  local fails = (num(task, 'opening_fails') or 0) + 1
  put(task, 'opening_fails', fails)
  put(task, 'opening_why', why)
  local pause = rule(c, service_of(task), 'opening_pause_seconds') * 1000 * 2 ^ math.min(fails - 1, 20)
  local ends = pause > 0 and whole(c.now + math.min(pause, LONGEST_PAUSE)) or nil
  set(task, 'pause', ends)
  return ends
end

local function out_of_attempts(c, task)
  return not task.f.holder and (num(task, 'opening_fails') or 0) >= rule(c, service_of(task), 'opening_attempts')
end
