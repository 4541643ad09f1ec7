-- set_service: the rules of a service ('' = the tenant's Direct settings). Its members are looked at afterwards: `refresh_members`.
-- keys: root
-- args: tenant, service, name, rules, at:int
-- returns: verdict
-- journal: service
--@include refresh
local c = begin(root, tenant, at)
local key = key_of(c, 'rules', service)
local fields = { 'name', name }
for field, value in string.gmatch(rules, PAIR) do
  fields[#fields + 1] = field
  fields[#fields + 1] = value
end
redis.call('HSET', key, unpack(fields))
redis.call('HDEL', key, 'removed')
redis.call('PERSIST', key)
redis.call('ZADD', root .. 'served:' .. tenant, 0, service)
log(c, 'service', { 'service', service, 'rules', rules })
begin_refresh(c, service)
return 'ok'
