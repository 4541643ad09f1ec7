-- remove_service: the service is gone: what is not a talk yet is cancelled, a chunk at a time.
-- keys: root
-- args: tenant, service, at:int
-- returns: more or done
-- journal: service_removed, returned, closed, offered
--@include closing
--@include finish
local c = begin(root, tenant, at)
local key = key_of(c, 'rules', service)
if redis.call('EXISTS', key) == 0 then
  return 'done'
end
redis.call('HSET', key, 'removed', 1)
redis.call('EXPIRE', key, 2592000)
local waiting = redis.call('ZRANGE', key_of(c, 'queue', service), 0, 19)
for _, id in ipairs(waiting) do
  local task = load_task(c, id)
  if task.f.holder then
    come_home(c, task, 'service_removed')
  else
    close_task(c, task, 'cancelled', 'system', 'service_removed', 'system')
  end
end
finish(c)
if #waiting == 20 then
  return 'more'
end
log(c, 'service_removed', { 'service', service })
return 'done'
