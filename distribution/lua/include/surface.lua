--@include unit
-- surface: their open pages. One that did not answer for 30 s is closed.
local SURFACE_LIVES = 30000
local MOST_SURFACES = 16

-- Keep `name` until then (nil: forget it), and drop those that lapsed. Returns whether the number of open pages changed.
local function keep_surface(c, agent, name, expires)
  local kept, before, after = nil, 0, 0
  for surface, until_at in string.gmatch(agent.f.surfaces or '', PAIR) do
    before = before + 1
    if surface ~= name and tonumber(until_at) > c.now and after < MOST_SURFACES - 1 then
      kept = pair_put(kept, surface, until_at)
      after = after + 1
    end
  end
  if expires then
    kept = pair_put(kept, name, whole(expires))
    after = after + 1
  end
  put(agent, 'surfaces', kept)
  if after == before then
    return false
  end
  agent.touched = true
  if after == 0 or before == 0 then
    log(c, 'surface', { 'user', agent.user, 'open', after })
  end
  stir(c, agent)
  return true
end
