-- refresh_members: look at the next members of a service whose rules changed, then at its queue.
-- keys: root
-- args: tenant, service, at:int
-- returns: more or done
-- journal: returned, refreshed, levels, withdrawn, requeued, level_opened, offered, overflowed, closed, waits_on
--@include refresh
local c = begin(root, tenant, at)
local more = refresh(c, service)
finish(c)
return more and 'more' or 'done'
