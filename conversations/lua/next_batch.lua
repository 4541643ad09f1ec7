-- next_batch: what goes to Teams next. Its range is written down first: the same batch comes until it is noted as sent.
-- keys: root
-- args: tenant, conversation, chat_id, max_messages:int, max_bytes:int
-- returns: {}, also when that chat is not the room (any more), or {first seq, last seq, instant of the first hand-out (ms), now
--   (ms), 1 if Teams may have it already, how often it was refused, entry, …}, each entry {stream id, {field, value, …}}
-- journal: none
--@include clock
--@include chat
local PAGE = 200
local names = chat_names(root, tenant, conversation)
local facts = redis.call(
  'HMGET', names.facts, 'chat', 'last', 'relayed', 'batch_first', 'batch_last', 'batch_at', 'batch_clean', 'batch_refused'
)
if not facts[1] or (chat_id ~= '' and facts[1] ~= chat_id) then
  return {}
end

local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then
      return entry[2][i + 1]
    end
  end
end

-- Into `out`: what visitor and system said from `from` to `to`, as far as it fits; a single message always does.
local function collect(out, from, to, messages, bytes)
  while from <= to do
    local page = redis.call('XRANGE', names.messages, from .. '-0', to .. '-0', 'COUNT', PAGE)
    if #page == 0 then
      return
    end
    for _, entry in ipairs(page) do
      from = tonumber(string.match(entry[1], '^%d+')) + 1
      local sender = field(entry, 's')
      if sender == 'visitor' or sender == 'system' then
        bytes = bytes - #field(entry, 't')
        if #out > 0 and (bytes < 0 or #out >= messages) then
          return
        end
        out[#out + 1] = entry
      end
    end
  end
end

local picked, now = {}, string.format('%.0f', clock_now(root, tenant, 0))
if facts[4] then
  collect(picked, tonumber(facts[4]), tonumber(facts[5]), math.huge, math.huge)
  -- Until somebody says that this hand-out came to nothing, nobody knows.
  redis.call('HDEL', names.facts, 'batch_clean')
  local doubtful = facts[7] and 0 or 1
  return { facts[4], facts[5], facts[6] or now, now, doubtful, facts[8] or 0, unpack(picked) }
end
local from, to = tonumber(facts[3]) + 1, tonumber(facts[2])
collect(picked, from, to, max_messages, max_bytes)
if #picked == 0 then
  redis.call('HSET', names.facts, 'relayed', to)
  return {}
end
local last = tonumber(string.match(picked[#picked][1], '^%d+'))
redis.call('HSET', names.facts, 'batch_first', from, 'batch_last', last, 'batch_at', now)
redis.call('HDEL', names.facts, 'batch_clean', 'batch_refused')
return { from, last, now, now, 0, 0, unpack(picked) }
