-- path_up: something has arrived: agents who were passed over are asked, and what could not be sent is sent.
-- keys: root
-- args: tenant, at:int
-- returns: verdict
-- journal: path_up, offered, overflowed, closed, waits_on
--@include path
--@include finish
local c = begin(root, tenant, at)
path_works(c)
if not path_heals(c, 'reached') then
  return 'unchanged'
end
path_wakes(c)
finish(c)
path_go_on(c)
return 'ok'
