-- takeover: this server keeps the shard now. Are the writes that its predecessor acknowledged all here? If that is not
-- sure, the aftermath of a failover is due, once, whichever replica finds out first.
-- keys: root
-- args: shard:int, run, lineage, before, node, clustered:int, safe:int
-- returns: 'new' store, 'moved' or 'restarted' with all its writes, or 'lost': some may be missing; once found, it stays
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
