-- path_down: a probe did not arrive either: cards reach nobody. What no probe confirms is over after 30 s and `more` ms.
-- keys: root
-- args: tenant, why, more:int, at:int
-- returns: verdict
-- journal: path_down
--@include path
local c = begin(root, tenant, at)
return path_breaks(c, why, more) and 'ok' or 'unchanged'
