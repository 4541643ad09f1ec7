-- reached: something reached them, or came from them.
-- keys: root
-- args: tenant, user, at:int
-- returns: verdict
-- journal: reached, offered
--@include reach
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
local changed = clear_unreached(c, agent)
finish(c)
return changed and 'ok' or 'unchanged'
