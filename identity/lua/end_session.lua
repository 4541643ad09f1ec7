-- end_session: forget a session, and tell the streams that run under it.
-- keys: root
-- args: tenant, session
-- returns: 1 if there was such a session, else 0
-- journal: none
--@include bell
local gone = redis.call('DEL', root .. 'session:' .. tenant .. ':' .. session)
if gone == 1 then
  bell('session', tenant, session, 0)
end
return gone
