-- directory_projected: these parts of the directory have been projected, in these versions. A part that was changed, or
-- projected by another process, meanwhile may have been overwritten with an older version: it is due again.
-- keys: root
-- args: tenant, parts:json
-- returns: number of parts that are due again; `parts` is {part: version}
-- journal: none
--@include due
local key = root .. 'unprojected:' .. tenant
local again = 0
for part, version in pairs(parts) do
  local now = redis.call('HGET', key, part)
  if now == version then
    redis.call('HDEL', key, part)
  else
    again = again + 1
    if not now then
      redis.call('HSET', key, part, redis.call('HGET', root .. 'tenant:' .. tenant, 'version') or 0)
    end
  end
end
if again > 0 then
  due_mark(root, 'directory:' .. tenant)
end
return again
