-- directory_save: write a change of a tenant's directory as a whole, unless another change came first.
-- keys: root
-- args: tenant, expected:int, doc, services:json, gone_services:json, users:json, gone_users:json, upns:json,
--   gone_upns:json, able:json, admin:int, actor
-- returns: 'ok', or 'changed' when the version is not `expected` any more (then nothing is written)
-- journal: directory
--@include clock
--@include due
--@include journal
local function key(kind)
  return root .. kind .. ':' .. tenant
end

local version = tonumber(redis.call('HGET', key('tenant'), 'version') or 0)
if version ~= expected then
  return 'changed'
end
version = version + 1

-- What the distributor and the widgets' keys must follow; see projection.py.
local follow = { 'tenant', version }
local counts = { services = 0, users = 0, gone = 0 }
local function change(kind, name, text)
  redis.call('HSET', key(kind .. 's'), name, text)
  follow[#follow + 1] = kind .. ':' .. name
  follow[#follow + 1] = version
  counts[kind .. 's'] = counts[kind .. 's'] + 1
end
local function remove(kind, name)
  redis.call('HDEL', key(kind .. 's'), name)
  follow[#follow + 1] = kind .. ':' .. name
  follow[#follow + 1] = version
  counts.gone = counts.gone + 1
end

redis.call('HSET', key('tenant'), 'doc', doc, 'version', version)
if admin == 1 then
  -- Never removed: a tenant that has had an admin gets no first one again.
  redis.call('HSET', key('tenant'), 'had_admin', 1)
end
for service, text in pairs(services) do
  change('service', service, text)
end
for _, service in ipairs(gone_services) do
  remove('service', service)
end
for user, text in pairs(users) do
  change('user', user, text)
end
for _, user in ipairs(gone_users) do
  remove('user', user)
  redis.call('HDEL', key('preferences'), user)
end
for _, upn in ipairs(gone_upns) do
  redis.call('HDEL', key('upns'), upn)
end
for upn, user in pairs(upns) do
  redis.call('HSET', key('upns'), upn, user)
end
for service, members in pairs(able) do
  local set = key('able') .. ':' .. service
  redis.call('DEL', set)
  for _, user in ipairs(members) do
    redis.call('SADD', set, user)
  end
end

for index = 1, #follow, 2 do
  redis.call('HSET', key('unprojected'), follow[index], follow[index + 1])
end
-- The process that changes the directory projects the change at once. If it dies first, a worker does.
due_mark(root, 'directory:' .. tenant, due_time() + 30000)
journal(root, tenant, clock_now(root, tenant, 0), 'directory', {
  'by', actor, 'version', version, 'services', counts.services, 'users', counts.users, 'gone', counts.gone,
})
bell('directory', tenant, '-', 0)
return 'ok'
