--@include eligible
--@include rona
-- presence: what Graph says about an agent. Coming on duty or online begins their idle time again.
local KNOWN = {
  Available = true, Away = true, BeRightBack = true, Busy = true, DoNotDisturb = true, Focusing = true, InACall = true,
  InAMeeting = true, Offline = true, Presenting = true, Deleted = true,
}

local function start_idling(c, agent)
  put(agent, 'idle_since', c.now)
  agent.moved = true
end

-- `presence` is the one that counts; `reading` the last one from Teams, `fresh` whether it has not lapsed yet: what becomes of
-- them when their pages open and close follows from these.
local function add_presence(c, agent, fields)
  local words = {
    'presence', presence_now(c, agent), 'reading', agent.f.presence or '', 'fresh', is_fresh(c, agent) and 1 or 0,
  }
  for _, word in ipairs(words) do
    fields[#fields + 1] = word
  end
  return fields
end

-- `was`: the one that counted before, '' if only time went on.
local function log_presence(c, agent, was)
  log(c, 'presence', add_presence(c, agent, { 'user', agent.user, 'was', was }))
end

-- Returns whether anything changed. An unknown reading keeps the last value for a while.
local function read_presence(c, agent, reading)
  local before, reading_before, was_fresh = presence_now(c, agent), agent.f.presence, is_fresh(c, agent)
  if KNOWN[reading] then
    put(agent, 'doubt', c.now + PRESENCE_DOUBT)
    put(agent, 'presence', reading)
  elseif agent.f.presence then
    put(agent, 'doubt', math.min(num(agent, 'doubt'), c.now))
  end
  if not OFF[agent.f.presence or ''] then
    put(agent, 'off_at', nil)
  elseif not OFF[reading_before or ''] or not was_fresh then
    put(agent, 'off_at', c.now)
  end
  local after = presence_now(c, agent)
  if agent.f.presence ~= reading_before or is_fresh(c, agent) ~= was_fresh then
    log_presence(c, agent, before)
  end
  if after == before then
    return false
  end
  agent.touched = true
  if OFF[after] then
    clear_rona(c, agent, 'offline')
  elseif OFF[before] then
    start_idling(c, agent)
  end
  stir(c, agent)
  return true
end
