--@include bell
--@include clock
-- deadline: instants at which a timer must act. A tenant with virtual time has a separate set.
-- Timers look by themselves at least every 5 s (deadlines.py); a deadline further away need not wake them.
local LOOKED_AT_WITHIN = 6000  -- ms

local function deadline_key(root, tenant)
  if clock_virtual(root, tenant) then
    return root .. 'deadlines:' .. tenant
  end
  return root .. 'deadlines'
end

local function deadline_set(root, tenant, member, at)
  local key = deadline_key(root, tenant)
  redis.call('ZADD', key, at, member)
  local is_near = key == root .. 'deadlines' and at - server_time() < LOOKED_AT_WITHIN
  if is_near and redis.call('ZRANGE', key, 0, 0)[1] == member then
    bell('deadline', '-', '-', at)
  end
end

local function deadline_clear(root, tenant, member)
  redis.call('ZREM', deadline_key(root, tenant), member)
end
