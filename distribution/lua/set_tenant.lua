-- set_tenant: switch Instant Messaging on or off; `virtual` makes time an argument, for good.
-- keys: root
-- args: tenant, im_enabled:int, virtual:int
-- returns: verdict
-- journal: tenant
--@include clock
--@include journal
if virtual == 1 then
  redis.call('HSET', root .. 'clock:' .. tenant, 'virtual', 1)
end
redis.call('SET', root .. 'im:' .. tenant, im_enabled)
journal(root, tenant, clock_now(root, tenant, 0), 'tenant', { 'im', im_enabled })
return 'ok'
