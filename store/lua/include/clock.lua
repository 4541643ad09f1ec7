-- clock: the tenant's time, which never runs backwards, not even when another server takes over.
-- Tenants whose time this call has looked at already: whether it is virtual.
local clock_is_virtual = {}

local function clock_now(root, tenant, at)
  local key = root .. 'clock:' .. tenant
  local kept = redis.call('HMGET', key, 'last', 'virtual')
  local last = tonumber(kept[1]) or 0
  local now = last
  clock_is_virtual[tenant] = kept[2] == '1'
  if kept[2] == '1' then
    now = at or 0
  else
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  if now <= last then
    return last
  end
  redis.call('HSET', key, 'last', string.format('%.0f', now))
  return now
end

local function clock_virtual(root, tenant)
  if clock_is_virtual[tenant] == nil then
    clock_is_virtual[tenant] = redis.call('HGET', root .. 'clock:' .. tenant, 'virtual') == '1'
  end
  return clock_is_virtual[tenant]
end
