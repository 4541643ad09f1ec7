--@include unit
-- visitor: which of their connections are alive. The one that created the task counts until the first that has a name.
local CONNECTION_LIVES = 45000
local MOST_CONNECTIONS = 16
local CREATOR = 'creator'

-- Keep `connection` until then (nil: forget it), and drop those that lapsed. Returns whether any is left.
local function keep_connection(c, task, connection, expires)
  local live, count = nil, 0
  for name, until_at in string.gmatch(task.f.conns or '', PAIR) do
    if name ~= connection and name ~= CREATOR and tonumber(until_at) > c.now and count < MOST_CONNECTIONS - 1 then
      live = pair_put(live, name, until_at)
      count = count + 1
    end
  end
  if expires then
    live = pair_put(live, connection, whole(expires))
  end
  put(task, 'conns', live)
  return live ~= nil
end

local function go_away(c, task, since)
  put(task, 'conns', nil)
  set(task, 'left', since)
  log(c, 'visitor_away', { 'task', task.id, 'state', task.f.state, 'since', since })
end
