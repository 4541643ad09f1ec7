--@include unit
-- visitor: which of his connections are alive. The one that created the task counts until the first that has a name.
local CONNECTION_LIVES = 45000
local MOST_CONNECTIONS = 16
local CREATOR = 'creator'

local function live_connections(c, task)
  local live = {}
  for _, connection in ipairs(pairs_of(task.f.conns)) do
    if tonumber(connection[2]) > c.now then
      live[#live + 1] = connection
    end
  end
  return live
end

local function go_away(c, task, since)
  put(task, 'conns', nil)
  set(task, 'left', since)
  log(c, 'visitor_away', { 'task', task.id, 'state', task.f.state, 'since', task.f.left })
end
