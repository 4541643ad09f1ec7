-- directory_widget: the public key of a service's or a user's widget; stores `key` if there is none yet.
-- keys: root
-- args: tenant, part, key
-- returns: the widget's key
-- journal: none
local widgets = root .. 'widgets:' .. tenant
redis.call('HSETNX', widgets, part, key)
return redis.call('HGET', widgets, part)
