--@include unit
-- queues: where a waiting task stands, and the concurrent chats of a service, which its limit counts.
local function leave_queue(c, task)
  if task.listed then
    for _, lane in ipairs(lanes_of(task)) do
      redis.call('ZREM', key_of(c, 'queue', lane), task.id)
    end
  end
  task.listed = false
end

local function enter_running(c, task)
  if task.f.service then
    redis.call('SADD', key_of(c, 'running', task.f.service), task.id)
  end
end

local function has_room(c, service)
  return redis.call('SCARD', key_of(c, 'running', service)) < rule(c, service, 'concurrent')
end

local function queue_ends(c, task)
  return num(task, 'since') + rule(c, service_of(task), 'queue_seconds') * 1000
end
