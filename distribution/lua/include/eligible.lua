--@include slots
--@include presence_ends
-- eligible: what stands against offering him a task. This is the only place that knows; matching and reading both ask here.
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
