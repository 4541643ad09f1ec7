-- end_all: end all tasks of a service, a chunk at a time: talks are terminated, all others cancelled. `begin_anew`: the first
-- call.
-- keys: root
-- args: tenant, service, actor, begin_anew:int, at:int
-- returns: more or done, how many ended
-- journal: returned, ending, terminated, ended, closed, withdrawn, offered, overflowed, waits_on
--@include ending
--@include finish
local c = begin(root, tenant, at)
if redis.call('EXISTS', key_of(c, 'rules', service)) == 0 then
  return { 'done', 0 }
end
if begin_anew == 1 then
  begin_ending(c, service, actor)
end
local ended, more = end_some(c, service)
finish(c)
return { more and 'more' or 'done', ended }
