-- directory_register: store where the bot reaches a user, or that it no longer does; the distributor must be told.
-- keys: root
-- args: tenant, user, registration, service_url
-- returns: 1 if the bot could reach the user before, else 0; `registration` is JSON, '' = none
-- journal: none
--@include due
--@include bell
local registrations = root .. 'registrations:' .. tenant
local known = redis.call('HEXISTS', registrations, user)
if registration == '' then
  redis.call('HDEL', registrations, user)
else
  redis.call('HSET', registrations, user, registration)
  redis.call('SET', root .. 'service-url:' .. tenant, service_url)
end
redis.call('HINCRBY', root .. 'unprojected:' .. tenant, 'registration:' .. user, 1)
-- As after a change of the directory: if the writer dies before the distributor knows of it, a worker tells it.
due_mark(root, 'directory:' .. tenant, due_time() + 30000)
bell('directory', tenant, '-', 0)
return known
