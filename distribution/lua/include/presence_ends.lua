--@include unit
-- presence_ends: a reading of Teams presence is doubtful after 3 min, and kept for 5 more; then they are offline.
local PRESENCE_DOUBT = 180000
local PRESENCE_KEPT = 300000

-- 0 when there is no reading.
local function presence_ends(agent)
  local doubt = num(agent, 'doubt')
  return doubt and doubt + PRESENCE_KEPT or 0
end
