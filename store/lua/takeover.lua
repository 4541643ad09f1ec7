-- takeover: this server keeps the shard now. Does it have all writes that its predecessor acknowledged? If that is not
-- certain, the follow-up of a failover becomes due, once, whichever replica detects it first.
-- keys: root
-- args: shard:int, run, lineage, before, node, clustered:int, safe:int
-- returns: 'new' store, 'moved' or 'restarted' with all its writes, or 'lost': some may be missing; fixed per run
-- journal: none
--@include due
local key = root .. 'server'
local kept = redis.call('HMGET', key, 'run', 'lineage', 'node', 'found')
if kept[1] == run then
  return kept[4]
end
local found = 'lost'
if not kept[1] then
  found = 'new'
elseif kept[2] ~= before and kept[3] == node and safe == 1 then
  found = 'restarted'
elseif kept[2] ~= before and kept[3] ~= node and clustered == 1 then
  found = 'moved'
else
  due_mark(root, 'failover:-:' .. shard)
end
redis.call('HSET', key, 'run', run, 'lineage', lineage, 'node', node, 'found', found)
return found
