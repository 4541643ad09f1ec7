-- due_claim: a worker claims due subjects, and holds each until its lease ends. First, subjects that have become due
-- are
-- divided into sets by class and tenant; then subjects are taken from them, one tenant in turn.
-- keys: root
-- args: token, lease:int, asks:json
-- returns: {instant of the next subject (ms, '' if there is none), now (ms), classes with more due than was asked for,
-- classes with more due of tenants that have used their share, unreadable subjects (JSON, '' if none),
-- subject, class, tries, subject, …}; `asks` is {class: {most, share: of one tenant, held: {tenant: count held by this
-- worker}}}
-- journal: none
--@include due
--@include due_sort
local now = due_time()
local leases = root .. 'leases'
local claimed = {}

-- Returns whether the worker now has it. A worker of an earlier release also takes from `due` what is in a divided set.
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

-- Returns the tenants at the head of the turn, and how many more subjects each may have.
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

-- A tenant that was served goes to the end of the turn; a tenant with nothing left is removed. Several calls may run
-- within
-- one millisecond.
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

-- Returns how many more could be taken.
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
