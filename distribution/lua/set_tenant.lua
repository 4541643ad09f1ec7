-- set_tenant: switch Instant Messaging on or off; `virtual` makes time an argument, for good.
-- keys: root
-- args: tenant, im_enabled:int, virtual:int, at:int
-- returns: verdict
-- journal: tenant, snapshot_begin, snapshot_service, snapshot_agent, snapshot_task, snapshot_end
--@include snapshot
if virtual == 1 then
  redis.call('HSET', root .. 'clock:' .. tenant, 'virtual', 1)
end
local c = begin(root, tenant, at)
redis.call('SET', root .. 'im:' .. tenant, im_enabled)
log(c, 'tenant', { 'im', im_enabled })
if redis.call('EXISTS', root .. 'snapshot:' .. tenant) == 0 then
  -- Of a new tenant there is nothing to tell, and it is told at once.
  for _ = 1, #SNAPSHOT_PARTS do
    snapshot(c)
  end
end
return 'ok'
