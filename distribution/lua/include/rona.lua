--@include slots
-- rona: the flag of an agent who let an offer ring. It goes by hand, by time, by going offline and by going off duty.
local function flag_rona(c, agent, service)
  set(agent, 'rona', '1')
  set(agent, 'rona_until', c.now + rule(c, service, 'rona_reset_seconds') * 1000)
  log(c, 'rona_set', { 'user', agent.user, 'service', service, 'until', agent.f.rona_until })
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
