--@include closing
-- going_back: nobody has the task any more; it waits again, or that was the end of it.

-- Every member declined within this waiting period.
local function all_declined(c, task)
  local declined = {}
  local count = 0
  for _, entry in ipairs(pairs_of(task.f.past)) do
    if string.sub(entry[2], 1, 9) == 'declined:' then
      declined[entry[1]] = true
      count = count + 1
    end
  end
  local members = members_key(c, service_of(task))
  if count == 0 or count < redis.call('ZCARD', members) then
    return false
  end
  for _, user in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    if not declined[user] then
      return false
    end
  end
  return true
end

local function give_up(c, task)
  local outcome = task.f.service and all_declined(c, task) and 'declined_by_all' or 'not_answered'
  close_task(c, task, outcome, 'system', 'queue_time')
end

-- Nobody has it any more: it waits again, with the waiting time that it already has.
local function go_back(c, task, why)
  leave_running(c, task)
  clear_offer(task)
  set(task, 'offer', nil)
  set(task, 'state', 'queued')
  set(task, 'why', why)
  log(c, 'requeued', { 'task', task.id, 'service', service_of(task), 'why', why })
  if c.now >= queue_ends(c, task) then
    give_up(c, task)
  else
    seek(c, task)
  end
end

-- The last invited agent lost the offer for this reason; a direct task that was declined or missed has nobody else to ask.
local function if_nobody_left(c, task, result)
  if task.f.invited then
    return
  end
  if not task.f.service and result == 'declined' then
    clear_offer(task)
    close_task(c, task, 'declined_by_all', 'agent', result)
  elseif not task.f.service and result == 'rona' then
    clear_offer(task)
    close_task(c, task, 'not_answered', 'system', result)
  else
    go_back(c, task, result)
  end
end
