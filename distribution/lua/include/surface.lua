--@include eligible
-- surface: his open pages. One that did not answer for 30 s is closed.
local SURFACE_LIVES = 30000
local MOST_SURFACES = 16

-- Keep `name` until then (nil: forget it), and drop what has lapsed. Returns whether the number of open pages changed.
local function keep_surface(c, agent, name, expires)
  local before, kept = pairs_of(agent.f.surfaces), {}
  for _, surface in ipairs(before) do
    if surface[1] ~= name and tonumber(surface[2]) > c.now then
      kept[#kept + 1] = surface
    end
  end
  while #kept >= MOST_SURFACES do
    table.remove(kept, 1)
  end
  if expires then
    kept[#kept + 1] = { name, whole(expires) }
  end
  put(agent, 'surfaces', pairs_text(kept))
  if #kept == #before then
    return false
  end
  agent.touched = true
  if #kept == 0 or #before == 0 then
    log(c, 'surface', { 'user', agent.user, 'open', #kept })
  end
  stir(c, agent)
  return true
end
