-- directory_ahead: opening hours and daily sweeps are scheduled ahead. When the schedule ends soon, the tenant's
-- services
-- must be projected again.
-- keys: root
-- args: tenant, soon:int, ahead:int
-- returns: 1 when they must be projected now (the next caller gets 0), 0 when the schedule reaches beyond `soon`
-- journal: none
--@include due
local key = root .. 'tenant:' .. tenant
local version, reaches = unpack(redis.call('HMGET', key, 'version', 'ahead'))
if not version or tonumber(reaches or 0) > soon then
  return 0
end
redis.call('HSET', key, 'ahead', ahead)
local follow = { 'tenant', version }
for _, service in ipairs(redis.call('HKEYS', root .. 'services:' .. tenant)) do
  follow[#follow + 1] = 'service:' .. service
  follow[#follow + 1] = version
end
for index = 1, #follow, 2 do
  redis.call('HSETNX', root .. 'unprojected:' .. tenant, follow[index], follow[index + 1])
end
-- The caller projects them at once. If it dies first, a worker does.
due_mark(root, 'directory:' .. tenant, due_time() + 30000)
return 1
