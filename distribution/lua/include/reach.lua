--@include unit
-- reach: an agent that an offer did not reach is not asked until something reaches them. As nobody may say so when Teams was
-- only slow, they are tried again after a while, longer each time.
local RETRY_FIRST = 60000   -- ms
local RETRY_MOST = 900000

local function set_unreached(c, agent)
  local failures = (num(agent, 'unreached') or 0) + 1
  set(agent, 'unreached', failures)
  set(agent, 'retry_at', c.now + math.min(RETRY_FIRST * 2 ^ (failures - 1), RETRY_MOST))
  log(c, 'unreachable', { 'user', agent.user, 'until', whole(agent.f.retry_at) })
end

local function try_again(c, agent)
  set(agent, 'retry_at', nil)
  log(c, 'tried_again', { 'user', agent.user })
end

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
