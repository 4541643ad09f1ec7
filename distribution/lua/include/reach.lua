--@include slots
-- reach: an agent whom a card did not reach is not asked until something does.

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
