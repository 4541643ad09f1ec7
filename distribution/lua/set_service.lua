-- set_service: the rules of a service ('' = the tenant's Direct settings). Its members are looked at afterwards: `refresh_members`.
-- keys: root
-- args: tenant, service, name, rules, at:int
-- returns: verdict
-- journal: service
--@include refresh
local c = begin(root, tenant, at)
local key = key_of(c, 'rules', service)
local fields = { 'name', name }
for _, field in ipairs(pairs_of(rules)) do
  fields[#fields + 1] = field[1]
  fields[#fields + 1] = field[2]
end
redis.call('HSET', key, unpack(fields))
redis.call('HDEL', key, 'removed')
redis.call('PERSIST', key)
log(c, 'service', { 'service', service, 'rules', rules })
begin_refresh(c, service)
return 'ok'
