-- fire: what is due now because time passed: of the shard (tenant ''), or of one virtual tenant. Once, on whichever replica comes first.
-- keys: root
-- args: tenant, limit:int, at:int
-- returns: how many fired, ms until the next (empty: none), then the errors
-- journal: returned, levels, level_opened, overflowed, waits_on, visitor_away, idle_warned, agent_lost, wrapped, terminated, ended, closed, undelivered, unreachable, tried_again,
--   rona, rona_set, rona_reset, presence, surface, withdrawn, requeued, offered, refreshed, path_up, snapshot_begin, snapshot_service,
--   snapshot_agent, snapshot_task, snapshot_end
--@include tick
local key, now = root .. 'deadlines', at
if tenant == '' then
  now = due_time()
else
  key = key .. ':' .. tenant
end
local reply = { 0, '' }
for _, member in ipairs(redis.call('ZRANGE', key, '-inf', whole(now), 'BYSCORE', 'LIMIT', 0, limit)) do
  redis.call('ZREM', key, member)
  local ok, problem = pcall(tick, root, member, now)
  reply[1] = reply[1] + 1
  if not ok then
    -- A deadline that cannot be handled must not hold up the others; it is tried again.
    redis.call('ZADD', key, whole(now + 60000), member)
    reply[#reply + 1] = member .. ' ' .. tostring(type(problem) == 'table' and problem.err or problem)
  end
end
local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
if first[1] then
  reply[2] = whole(math.max(0, tonumber(first[2]) - now))
end
return reply
