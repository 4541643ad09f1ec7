-- spoke: somebody wrote in the talk: a message, or an agent's note. It comes with every message, and nearly always only
-- writes down when.
-- keys: root
-- args: tenant, task, by, who, at:int
-- returns: verdict
-- journal: silence_broken
--@include silence
--@include write
-- The second person of a room has not joined the talk: what they write answers nobody.
if who ~= '' and redis.call('HGET', root .. 'conversation:' .. tenant .. ':' .. task, 'second') == who then
  return 'unchanged'
end
local key = root .. 'task:' .. tenant .. ':' .. task
local known = redis.call('HMGET', key, 'state', 'warned', 'holder')
if not known[1] then
  return 'no_such_task'
elseif known[1] ~= 'active' and not known[3] then
  return 'unchanged'
end
if not known[2] then
  local now = whole(clock_now(root, tenant, at))
  if by == 'agent' then
    redis.call('HSET', key, 'spoke', now, 'agent_spoke', now)
  else
    redis.call('HSET', key, 'spoke', now)
  end
  return 'ok'
end
local c = begin(root, tenant, at)
local record = load_task(c, task)
break_silence(c, record)
log(c, 'silence_broken', { 'task', task, 'by', by })
if by == 'agent' then
  put(record, 'agent_spoke', c.now)
end
finish_task(c, record)
return 'ok'
