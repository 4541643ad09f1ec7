-- directory_prefer: a user chooses something in User Preferences; `value` is JSON.
-- keys: root
-- args: tenant, user, field, value
-- returns: nothing
-- journal: none
--@include bell
local key = root .. 'preferences:' .. tenant
local kept = redis.call('HGET', key, user)
local chosen = kept and cjson.decode(kept) or {}
chosen[field] = cjson.decode(value)
redis.call('HSET', key, user, cjson.encode(chosen))
bell('directory', tenant, user, 0)
