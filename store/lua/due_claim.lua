-- due_claim: a worker takes what is due, and holds each subject until its lease ends. First, what has become due is divided
-- into sets by class and tenant; then one subject of each tenant in turn is taken from them.
-- keys: root
-- args: token, lease:int, asks:json
-- returns: {instant of the next subject (ms, '' if there is none), now (ms), classes of which more is due than was asked for,
--   classes of which more is due of tenants that have their share, unreadable subjects (JSON, '' if none),
--   subject, class, tries, subject, …}; `asks` is {class: {most, share: of one tenant, held: {tenant: what this worker has of it}}}
-- journal: none
--@include due
--@include due_sort
local now = due_time()
local leases = root .. 'leases'
local claimed = {}

-- Whether the worker has it now. A worker of an earlier release takes from `due` what stands in a divided set as well.
local function take(subject, class)
  local ends = redis.call('ZSCORE', leases, subject)
  if ends then
    redis.call('ZADD', root .. 'due', 'LT', ends, subject)
    return false
  end
  local state = root .. 'due:' .. subject
  redis.call('ZADD', leases, now + lease, subject)
  redis.call('HSET', state, 'token', token)
  claimed[#claimed + 1] = subject
  claimed[#claimed + 1] = class
  claimed[#claimed + 1] = redis.call('HGET', state, 'tries') or '0'
  return true
end

-- What a tenant may still have, of those who come first.
local function rooms_of(ask, turns)
  local full, rooms = 0, {}
  for _, count in pairs(ask.held) do
    full = count >= ask.share and full + 1 or full
  end
  local tenants = redis.call('ZRANGE', turns, 0, ask.most + full)
  for _, tenant in ipairs(tenants) do
    rooms[tenant] = ask.share - (ask.held[tenant] or 0)
  end
  return tenants, rooms
end

-- Who was served comes after all who have waited since before, and after who was served before; who has nothing left is
-- forgotten. Several calls may come within one millisecond.
local function move_back(class, turns, tenants, served)
  local last = tonumber(redis.call('ZRANGE', turns, -1, -1, 'WITHSCORES')[2])
  for _, tenant in ipairs(tenants) do
    if served[tenant] and redis.call('EXISTS', due_set(root, class, tenant)) == 1 then
      last = math.max(now, last + 0.001)
      redis.call('ZADD', turns, string.format('%.3f', last), tenant)
    elseif served[tenant] then
      redis.call('ZREM', turns, tenant)
    end
  end
end

-- Returns how many could still be taken.
local function take_in_turn(class, ask, turns)
  local tenants, rooms = rooms_of(ask, turns)
  local left, served, again = ask.most, {}, true
  while again and left > 0 do
    again = false
    for _, tenant in ipairs(tenants) do
      local subject = left > 0 and rooms[tenant] > 0 and redis.call('ZPOPMIN', due_set(root, class, tenant))[1]
      if subject then
        served[tenant], again = true, true
        if take(subject, class) then
          left, rooms[tenant] = left - 1, rooms[tenant] - 1
        end
      elseif left > 0 and rooms[tenant] > 0 then
        served[tenant], rooms[tenant] = true, 0
      end
    end
  end
  move_back(class, turns, tenants, served)
  return left
end

local unreadable = due_sort_all(root, now)
local more, shared = {}, {}
for class, ask in pairs(asks) do
  local turns = root .. 'due-turns:' .. class
  if redis.call('EXISTS', turns) == 1 then
    local left = take_in_turn(class, ask, turns)
    if redis.call('EXISTS', turns) == 1 then
      local words = left > 0 and shared or more
      words[#words + 1] = class
    end
  end
end
return {
  due_next(root), string.format('%.0f', now), table.concat(more, ' '), table.concat(shared, ' '),
  unreadable[1] and cjson.encode(unreadable) or '', unpack(claimed),
}
