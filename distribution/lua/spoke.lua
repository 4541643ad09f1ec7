-- spoke: somebody wrote in the talk: a message, or an agent's note. It comes with every message, and nearly always only
-- writes down when.
-- keys: root
-- args: tenant, task, by, who, at:int
-- returns: verdict
-- journal: silence_broken, first_word
--@include silence
--@include first_word
--@include write
local key = root .. 'task:' .. tenant .. ':' .. task
local known = redis.call('HMGET', key, 'state', 'warned', 'holder', 'unanswered', 'unspoken')
if not known[1] then
  return 'no_such_task'
end
local talks = known[1] == 'active' or known[3]
local is_first = by == 'agent' and pair_get(known[5] or '', who) and not HAS_ENDED[known[1]]
local asks = by == 'visitor' and not known[4] and not HAS_ENDED[known[1]]
if is_first or talks and known[2] then
  local c = begin(root, tenant, at)
  local record = load_task(c, task)
  if talks then
    local warned = record.f.warned
    break_silence(c, record)
    if warned then
      log(c, 'silence_broken', { 'task', task, 'by', by == 'visitor' and 'visitor' or 'agent' })
    end
    if by ~= 'visitor' then
      put(record, 'agent_spoke', c.now)
    end
  end
  if is_first then
    note_first_word(c, record, who)
  end
  if by ~= 'note' then
    put(record, 'unanswered', by == 'visitor' and (record.f.unanswered or c.now) or nil)
  end
  finish_task(c, record)
  return talks and 'ok' or 'unchanged'
elseif not talks and not asks then
  return 'unchanged'
end
local now = whole(clock_now(root, tenant, at))
local written = { 'HSET', key }
local function write(name)
  written[#written + 1], written[#written + 2] = name, now
end
if talks then
  write('spoke')
end
if talks and by ~= 'visitor' then
  write('agent_spoke')
end
if asks then
  write('unanswered')
end
redis.call(unpack(written))
if talks and by == 'agent' and known[4] then
  redis.call('HDEL', key, 'unanswered')
end
return talks and 'ok' or 'unchanged'
