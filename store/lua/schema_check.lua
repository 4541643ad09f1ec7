-- schema_check: record the schema of the data; refuse data that this release must not write.
-- keys: root
-- args: schema:int, reader:int, writer:int, shards:int
-- returns: {'ok', schema now} or {'newer', schema found} or {'shards', number found}
-- journal: none
local key = root .. 'schema'
local found = redis.call('HMGET', key, 'schema', 'oldest_writer', 'shards')
if found[2] and tonumber(found[2]) > schema then
  return { 'newer', found[1] }
end
if found[3] and tonumber(found[3]) ~= shards then
  return { 'shards', found[3] }
end
if not found[1] or tonumber(found[1]) < schema then
  redis.call('HSET', key, 'schema', schema, 'oldest_reader', reader, 'oldest_writer', writer, 'shards', shards)
end
return { 'ok', redis.call('HGET', key, 'schema') }
