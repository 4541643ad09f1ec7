-- directory_widget: the public key of a service's or a user's widget; the one that is offered, if there is none yet.
-- keys: root
-- args: tenant, part, key
-- returns: the key that counts
-- journal: none
local widgets = root .. 'widgets:' .. tenant
redis.call('HSETNX', widgets, part, key)
return redis.call('HGET', widgets, part)
