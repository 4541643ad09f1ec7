-- set_registered: registered with the bot, or not any more.
-- keys: root
-- args: tenant, user, on:int, at:int
-- returns: verdict
-- journal: registered, reached, offered
--@include reach
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
local changed = on == 1 and clear_unreached(c, agent)
if (agent.f.registered == '1') ~= (on == 1) then
  changed = true
  set(agent, 'registered', on == 1 and '1' or nil)
  log(c, 'registered', { 'user', user, 'on', on })
  stir(c, agent)
end
finish(c)
return changed and 'ok' or 'unchanged'
