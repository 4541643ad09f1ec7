--@include closing
--@include deadline
-- ending: all tasks of a service end, a chunk at a time. First those that wait, so that no agent who becomes free is asked
-- for one of them; then all others. Where it stopped is kept in the rules as `pass from after upto actor`, and a deadline
-- goes on should nobody else. Tasks that came after `upto` are not meant.
local LOOKED_AT_ONCE = 100
local ENDED_AT_ONCE = 10
local ENDING_GOES_ON = 1000  -- ms
local WAITS = { arriving = true, queued = true }

local function begin_ending(c, service, actor)
  redis.call('HSET', key_of(c, 'rules', service), 'ending', '1 0 - ' .. whole(c.now) .. ' ' .. actor)
  log(c, 'ending', { 'service', service, 'actor', actor })
end

-- Open tasks by when they were created and their name, from behind `after`: up to LOOKED_AT_ONCE.
local function open_behind(c, from, after, upto)
  local key = c.root .. 'open:' .. c.tenant
  local skip, found = 0, {}
  repeat
    local page = redis.call(
      'ZRANGE', key, from, upto, 'BYSCORE', 'LIMIT', skip, LOOKED_AT_ONCE, 'WITHSCORES'
    )
    for i = 1, #page, 2 do
      if page[i + 1] ~= from or page[i] > after then
        found[#found + 1] = { id = page[i], created = page[i + 1] }
      end
    end
    skip = skip + LOOKED_AT_ONCE
  until found[1] or not page[1]
  return found
end

local function is_meant(c, id, service, first)
  local fields = redis.call('HMGET', key_of(c, 'task', id), 'state', 'service')
  return (fields[2] or '') == service and not HAS_ENDED[fields[1]] and (not first or WAITS[fields[1]])
end

-- The next chunk. Returns how many ended, and whether there may be more.
local function end_some(c, service)
  local key, member = key_of(c, 'rules', service), 'ending:' .. c.tenant .. ':' .. service
  local pass, from, after, upto, actor = string.match(redis.call('HGET', key, 'ending') or '', '^(%d) (%d+) (%S+) (%d+) (.*)$')
  if not pass then
    deadline_clear(c.root, c.tenant, member)
    return 0, false
  end
  local ended, found = 0, open_behind(c, from, after, upto)
  for _, entry in ipairs(found) do
    from, after = entry.created, entry.id
    if is_meant(c, entry.id, service, pass == '1') then
      log(c, 'terminated', { 'task', entry.id, 'by', 'supervisor', 'actor', actor, 'via', 'supervisor' })
      end_task(c, load_task(c, entry.id), 'supervisor', 'ended_all', 'supervisor')
      ended = ended + 1
    end
    if ended == ENDED_AT_ONCE then
      break
    end
  end
  if not found[1] then
    pass, from, after = pass + 1, '0', '-'
  end
  if pass == 3 then
    redis.call('HDEL', key, 'ending')
    deadline_clear(c.root, c.tenant, member)
    return ended, false
  end
  redis.call('HSET', key, 'ending', table.concat({ pass, from, after, upto, actor }, ' '))
  deadline_set(c.root, c.tenant, member, c.now + ENDING_GOES_ON)
  return ended, true
end
