--@include unit
-- silence: what becomes of a task in which nothing happens. Both sides of a talk are warned, then it ends; and a sweep takes
-- what has been quiet for long, in every state before after-call work. Nothing scans: each task has its own deadline.

local function look_up_silence(c, task)
  local service = service_of(task)
  local rules = c.rules[service]
  if not rules or rules.idle_seconds == nil then
    look_up(c, service, { 'idle_warn_seconds', 'idle_seconds', 'stale_seconds', 'sweeps', 'sweep_quiet_seconds' })
  end
end

-- The last word of either side, or since when they talk.
local function silent_since(task)
  return math.max(num(task, 'active') or 0, num(task, 'spoke') or 0)
end

-- When both sides are warned (nil: never), and when the talk ends (nil: never). Who was warned late has as long as any other.
local function idle_instants(c, task)
  local since, service = silent_since(task), service_of(task)
  local ends, warn = rule(c, service, 'idle_seconds') * 1000, rule(c, service, 'idle_warn_seconds') * 1000
  if task.f.state ~= 'active' or ends == 0 then
    return nil
  elseif warn == 0 or warn >= ends then
    return nil, since + ends
  end
  local warned = num(task, 'warned')
  if warned then
    return nil, math.max(since + ends, warned + ends - warn)
  end
  return since + warn
end

-- The last thing that anybody did.
local function quiet_since(task)
  local since = silent_since(task)
  for _, name in ipairs({ 'created', 'since', 'offered', 'accepted' }) do
    since = math.max(since, num(task, name) or 0)
  end
  return since
end

-- When the sweep takes it (nil: never): after so much silence, or on the day's round if it has been quiet for long by then.
local function stale_at(c, task)
  if HAS_ENDED[task.f.state] then
    return nil
  end
  local service = service_of(task)
  local stale, sweeps = rule(c, service, 'stale_seconds') * 1000, rule_word(c, service, 'sweeps') or ''
  if stale == 0 and sweeps == '' then
    return nil
  end
  local since, quiet = quiet_since(task), rule(c, service, 'sweep_quiet_seconds') * 1000
  local at = stale > 0 and since + stale or nil
  for sweep in string.gmatch(sweeps, '%d+') do
    sweep = tonumber(sweep)
    if sweep >= since + quiet then
      return at and math.min(at, sweep) or sweep
    end
  end
  return at
end

-- Something was said, or the talk came to somebody: the silence starts again.
local function break_silence(c, task)
  put(task, 'spoke', c.now)
  set(task, 'warned', nil)
end
