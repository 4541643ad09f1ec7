-- say: one message is written down, once per client id. What changes a message that has not come yet waits for it.
-- keys: root
-- args: tenant, conversation, sender, kind, author, author_id, text, client_id, refers_to, room, keep:int, held_max:int, hour_max:int, chat_max:int
-- returns: {'ok', 'closed', 'moved' (new words in a `room` that was left), 'full' or 'no_conversation', seq (0 while it waits), 1 for a repeat else 0, instant (ms; 'full': ms until there is room again, 0 = never), in 'ok': 0 if the author is the second person of the room, who has not joined the talk, else 1}
-- journal: none
--@include clock
--@include bell
--@include due
--@include chat
local names = chat_names(root, tenant, conversation)
local facts = redis.call('HMGET', names.facts, 'started', 'closed', 'last', 'chat', 'second', 'bytes', 'hour', 'hour_bytes')
if not facts[1] then
  return { 'no_conversation', 0, 0, 0 }
end
-- The second person of a room has not joined the talk: their words stay among the agents.
local joined = (author_id == '' or facts[5] ~= author_id) and 1 or 0
if sender == 'agent' and joined == 0 then
  sender = 'note'
end
-- Client ids count within one side: nobody can take the id of another side's message, or change that message.
local side = sender == 'note' and 'agent' or sender
local before = redis.call('HGET', names.said, side .. ' ' .. client_id)
if before then
  local seq, at = string.match(before, '^(%d+) (%d+)$')
  return { 'ok', tonumber(seq), 1, tonumber(at), joined }
end
if facts[2] or (sender ~= 'system' and chat_is_over(root, tenant, conversation)) then
  return { 'closed', 0, 0, 0 }
end
if kind == 'text' and room ~= '' and facts[4] and facts[4] ~= room then
  return { 'moved', 0, 0, 0 }
end

local now = clock_now(root, tenant, 0)
if sender == 'visitor' then
  -- What a message costs besides its text: its entry, and the note of its client id.
  local size = #text + 100
  local hour = math.floor(now / 3600000)
  local in_hour = facts[7] == string.format('%.0f', hour) and tonumber(facts[8]) or 0
  local in_all = tonumber(facts[6]) or 0
  if in_all + size > chat_max then
    return { 'full', 0, 0, 0 }
  end
  if in_hour + size > hour_max then
    return { 'full', 0, 0, (hour + 1) * 3600000 - now }
  end
  redis.call('HSET', names.facts, 'bytes', in_all + size, 'hour', string.format('%.0f', hour), 'hour_bytes', in_hour + size)
end
local stamp = string.format('%.0f', now)
local last = tonumber(facts[3])
local public = nil
local for_teams = false

local function seq_of(of)
  local found = redis.call('HGET', names.said, side .. ' ' .. of)
  local seq = found and tonumber(string.match(found, '^%d+')) or 0
  return seq > 0 and seq or nil
end

-- A note stays a note, whatever is made of it. A message that is made a note is taken back from the visitor ('w').
local function write(m, refers)
  local was = refers and redis.call('XRANGE', names.messages, refers .. '-0', refers .. '-0')[1]
  local was_sender = nil
  if was then
    for i = 1, #was[2], 2 do
      if was[2][i] == 's' then
        was_sender = was[2][i + 1]
      end
    end
  end
  local from = was_sender == 'note' and 'note' or m.s
  last = last + 1
  local entry = { 's', from, 'k', m.k, 'a', m.a, 'i', m.i, 't', m.t, 'at', stamp, 'c', m.c }
  if refers then
    entry[#entry + 1] = 'r'
    entry[#entry + 1] = refers
  end
  if was_sender and was_sender ~= from then
    entry[#entry + 1] = 'w'
    entry[#entry + 1] = was_sender
  end
  redis.call('XADD', names.messages, last .. '-0', unpack(entry))
  redis.call('HSET', names.said, side .. ' ' .. m.c, last .. ' ' .. stamp)
  if from ~= 'note' or (was_sender and was_sender ~= 'note') then
    public = last
  end
  for_teams = for_teams or from == 'visitor' or from == 'system'
  return last
end

local seq = 0
local message = { s = sender, k = kind, a = author, i = author_id, t = text, c = client_id }
if kind == 'text' then
  seq = write(message, nil)
  for _, packed in ipairs(redis.call('LRANGE', names.early, 0, -1)) do
    local held = cjson.decode(packed)
    if held.side == side and held.of == client_id then
      write(held.m, seq)
      redis.call('LREM', names.early, 1, packed)
    end
  end
else
  local refers = seq_of(refers_to)
  if refers then
    seq = write(message, refers)
  else
    redis.call('HSET', names.said, side .. ' ' .. client_id, '0 ' .. stamp)
    redis.call('RPUSH', names.early, cjson.encode({ side = side, of = refers_to, m = message }))
    redis.call('LTRIM', names.early, -held_max, -1)
  end
end

if seq > 0 then
  redis.call('HSET', names.facts, 'last', last)
  if public then
    redis.call('HSET', names.facts, 'public', public)
  end
  if for_teams and facts[4] then
    due_mark(root, 'relay:' .. tenant .. ':' .. conversation)
  end
  bell('conv', tenant, conversation, last)
end
chat_keep(root, tenant, names, keep)
return { 'ok', seq, 0, now, joined }
