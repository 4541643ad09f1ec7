-- clock: the tenant's time, which never runs backwards, not even after a failover.

-- The server's own time, read once per call.
local function server_time()
  if not memo.server_time then
    local time = redis.call('TIME')
    memo.server_time = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  return memo.server_time
end

local function clock_now(root, tenant, at)
  local key = root .. 'clock:' .. tenant
  local kept = redis.call('HMGET', key, 'last', 'virtual')
  local last = tonumber(kept[1]) or 0
  local now = last
  memo[key] = kept[2] == '1'
  if memo[key] then
    now = at or 0
  else
    now = server_time()
  end
  if now <= last then
    return last
  end
  redis.call('HSET', key, 'last', now)
  return now
end

-- Whether the tenant's time is an argument; read once per call.
local function clock_virtual(root, tenant)
  local key = root .. 'clock:' .. tenant
  if memo[key] == nil then
    memo[key] = redis.call('HGET', key, 'virtual') == '1'
  end
  return memo[key]
end
