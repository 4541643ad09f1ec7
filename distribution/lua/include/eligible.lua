--@include unit
-- eligible: what stands against offering him a task. This is the only place that knows; matching and reading both ask here.
local PRESENCE_DOUBT = 180000  -- a reading older than this is doubtful
local PRESENCE_KEPT = 300000   -- and is kept for so long after that, then he is offline
local BUSY = { Busy = true, DoNotDisturb = true, Focusing = true, InACall = true, InAMeeting = true, Presenting = true }
local AWAY = { Away = true, BeRightBack = true }

local function open_surfaces(c, agent)
  local open = 0
  for _, surface in ipairs(pairs_of(agent.f.surfaces)) do
    if tonumber(surface[2]) > c.now then
      open = open + 1
    end
  end
  return open
end

local function presence_ends(agent)
  local doubt = num(agent, 'doubt')
  return doubt and doubt + PRESENCE_KEPT
end

-- The presence that counts now: a lapsed or missing one is Offline, unless an open surface vouches for him.
local function presence_now(c, agent)
  local presence, ends = agent.f.presence, presence_ends(agent)
  if presence and ends and c.now < ends then
    return presence
  end
  if open_surfaces(c, agent) == 0 then
    return 'Offline'
  end
  return presence and presence ~= 'Offline' and presence or 'Available'
end

local function unreachable(c, agent)
  local retry = num(agent, 'retry_at')
  if retry and c.now < retry then
    return true
  end
  return agent.f.registered ~= '1' and open_surfaces(c, agent) == 0
end

local function is_ringing(agent)
  for i = 1, #agent.held do
    if agent.held[i][2] == 'ringing' then
      return true
    end
  end
  return false
end

-- ringing, connected or acw, if his slots forbid another task.
local function slot_reason(agent)
  if is_ringing(agent) then
    return 'ringing'
  end
  if #agent.held < (num(agent, 'capacity') or 1) then
    return nil
  end
  for i = 1, #agent.held do
    if agent.held[i][2] ~= 'acw' then
      return 'connected'
    end
  end
  return 'acw'
end

-- Why he may not have a task of this service at all, whatever he does now; nil when he may.
local function standing_reason(agent, service)
  if agent.f.licensed ~= '1' or (service == '' and agent.f.direct ~= '1') then
    return 'not_licensed'
  end
  if service ~= '' then
    local active = pair_get(pairs_of(agent.f.services), service)
    if not active then
      return 'not_a_member'
    elseif active ~= '1' then
      return 'inactive'
    end
  end
end

local function presence_reason(c, agent, service)
  local presence = presence_now(c, agent)
  if presence == 'Offline' then
    return 'offline'
  elseif BUSY[presence] then
    return rule(c, service, 'allow_busy') == 0 and 'busy' or nil
  elseif AWAY[presence] then
    return rule(c, service, 'allow_away') == 0 and 'away' or nil
  end
end

-- All reasons, in the order of product's list; service '' = direct to him.
local function reasons_for(c, agent, service)
  local reasons = {}
  local function add(reason)
    if reason then
      reasons[#reasons + 1] = reason
    end
  end
  add(standing_reason(agent, service))
  add(agent.f.duty ~= '1' and 'off_duty')
  add(presence_reason(c, agent, service))
  add(agent.f.rona == '1' and 'rona')
  add(slot_reason(agent))
  add(unreachable(c, agent) and 'unreachable')
  return reasons
end

-- What stands against every task alike: the cheap question, asked first.
local function is_blocked(c, agent)
  return agent.f.duty ~= '1' or agent.f.licensed ~= '1' or agent.f.rona == '1' or slot_reason(agent) ~= nil
    or unreachable(c, agent) or presence_now(c, agent) == 'Offline'
end

local function is_selectable(c, agent, service)
  return not is_blocked(c, agent) and not standing_reason(agent, service) and not presence_reason(c, agent, service)
end

-- He will not answer a running offer any more. Only a reading that says Offline counts: a page that is reloaded, and
-- vouched for him, takes nothing away.
local function is_lost(c, agent, service)
  return agent.f.duty ~= '1' or standing_reason(agent, service) ~= nil
    or (agent.f.presence == 'Offline' and presence_now(c, agent) == 'Offline')
end

local function hold(c, agent, task, state)
  pair_put(agent.held, task, state)
  set(agent, 'held', pairs_text(agent.held))
  stir(c, agent)
end

-- The slot is free again. A task that he had accepted makes him idle from now.
local function release(c, agent, task)
  local state = pair_drop(agent.held, task)
  if not state then
    return
  end
  set(agent, 'held', pairs_text(agent.held))
  if state ~= 'ringing' then
    put(agent, 'idle_since', c.now)
  end
  agent.moved = true
  stir(c, agent)
end

-- To the end of the order, in every policy.
local function put_back(c, agent)
  put(agent, 'put_back', c.now)
  agent.moved = true
end

local function flag_rona(c, agent, rules)
  set(agent, 'rona', '1')
  set(agent, 'rona_until', c.now + rule(c, rules, 'rona_reset_seconds') * 1000)
  log(c, 'rona_set', { 'user', agent.user, 'until', agent.f.rona_until })
end

local function clear_rona(c, agent, how)
  put(agent, 'misses', nil)
  if agent.f.rona ~= '1' then
    return false
  end
  set(agent, 'rona', nil)
  set(agent, 'rona_until', nil)
  log(c, 'rona_reset', { 'user', agent.user, 'how', how })
  stir(c, agent)
  return true
end

-- Something came to him or from him.
local function clear_unreached(c, agent)
  if not agent.f.unreached then
    return false
  end
  set(agent, 'unreached', nil)
  set(agent, 'retry_at', nil)
  log(c, 'reached', { 'user', agent.user })
  stir(c, agent)
  return true
end

-- When time alone next changes something about him.
local function agent_next(c, agent)
  local at = nil
  local function consider(instant)
    if instant and instant > c.now then
      at = earlier(at, instant)
    end
  end
  consider(agent.f.rona == '1' and num(agent, 'rona_until') or nil)
  consider(num(agent, 'retry_at'))
  consider(latest_of(pairs_of(agent.f.surfaces)))
  consider(agent.f.presence ~= 'Offline' and presence_ends(agent) or nil)
  consider(num(agent, 'resume_at'))
  return at
end
