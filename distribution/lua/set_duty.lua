-- set_duty: on or off duty. Off withdraws their offers and resets RONA; running talks go on.
-- keys: root
-- args: tenant, user, on:int, actor, at:int
-- returns: verdict
-- journal: returned, duty, reached, rona_reset, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include lost
--@include reach
--@include rona
--@include presence
--@include finish
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return 'no_such_agent'
end
if (agent.f.duty == '1') == (on == 1) then
  return 'unchanged'
end
set(agent, 'duty', on == 1 and '1' or nil)
log(c, 'duty', { 'user', user, 'on', on, 'actor', actor })
if on == 1 then
  start_idling(c, agent)
else
  clear_rona(c, agent, 'off_duty')
end
if actor == user then
  clear_unreached(c, agent)
end
withdraw_if_lost(c, agent)
stir(c, agent)
finish(c)
return 'ok'
