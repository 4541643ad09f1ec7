--@include slots
--@include path
--@include presence_ends
-- eligible: what stands against offering them a task. This is the only place that knows; matching and reading both ask here.
local BUSY = { Busy = true, DoNotDisturb = true, Focusing = true, InACall = true, InAMeeting = true, Presenting = true }
local AWAY = { Away = true, BeRightBack = true }
-- Nobody is there to answer. Deleted: Entra does not know them any more; no page of theirs vouches against that.
local OFF = { Offline = true, Deleted = true }

local function open_surfaces(c, agent)
  local open = 0
  for _, expires in string.gmatch(agent.f.surfaces or '', PAIR) do
    if tonumber(expires) > c.now then
      open = open + 1
    end
  end
  return open
end

local function is_fresh(c, agent)
  return agent.f.presence ~= nil and c.now < presence_ends(agent)
end

-- When an agent that Teams calls Offline counts as lost for their talk: they have been so for long, and have written nothing since.
-- nil: they are not, or the service never gives up waiting.
local function lost_at(c, agent, task)
  local patience = rule(c, service_of(task), 'agent_lost_seconds') * 1000
  if agent.f.off_at and is_fresh(c, agent) and patience > 0 and task.f.state == 'active' and task.f.agent == agent.user then
    return math.max(num(agent, 'off_at'), num(task, 'active'), num(task, 'agent_spoke') or 0) + patience
  end
end

-- The presence that counts now: a lapsed or missing one is Offline, unless an open surface vouches for them.
local function presence_now(c, agent)
  local presence = agent.f.presence
  if is_fresh(c, agent) then
    return presence
  elseif open_surfaces(c, agent) == 0 then
    return 'Offline'
  end
  return presence and presence ~= 'Offline' and presence or 'Available'
end

local function unreachable(c, agent)
  if agent.f.retry_at and c.now < num(agent, 'retry_at') then
    return true
  end
  return agent.f.registered ~= '1' and open_surfaces(c, agent) == 0
end

-- This agent is reached by cards alone, and cards reach nobody at the moment.
local function cut_off(c, agent)
  return path_of(c).down ~= nil and agent.f.registered == '1' and open_surfaces(c, agent) == 0
end

-- Why they may not have a task of this service at all, whatever they do now; nil when they may.
local function standing_reason(agent, service)
  if agent.f.licensed ~= '1' or (service == '' and agent.f.direct ~= '1') then
    return 'not_licensed'
  end
  if service ~= '' then
    local active = pair_get(agent.f.services, service)
    if not active then
      return 'not_a_member'
    elseif active ~= '1' then
      return 'inactive'
    elseif pair_get(agent.f.levels, service) == '0' then
      return 'not_a_member'
    end
  end
end

-- What a presence means for a service.
local function reason_of_presence(c, presence, service)
  if presence == 'Offline' then
    return 'offline'
  elseif presence == 'Deleted' then
    return 'deleted'
  elseif BUSY[presence] then
    return rule(c, service, 'allow_busy') == 0 and 'busy' or nil
  elseif AWAY[presence] then
    return rule(c, service, 'allow_away') == 0 and 'away' or nil
  end
end

local function presence_reason(c, agent, service)
  return reason_of_presence(c, presence_now(c, agent), service)
end

-- What stands against every task alike: the cheap question, asked first.
local function is_blocked(c, agent)
  return agent.f.duty ~= '1' or agent.f.licensed ~= '1' or agent.f.unavailable ~= nil or agent.f.rona == '1'
    or slot_reason(agent) ~= nil or unreachable(c, agent) or OFF[presence_now(c, agent)] == true
end
