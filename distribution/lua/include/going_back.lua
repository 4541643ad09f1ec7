--@include closing
--@include membership
-- going_back: nobody has the task any more; it waits again, or that was the end of it.

-- Every member declined within this waiting period.
local function all_declined(c, task)
  local _, count = string.gsub(task.f.past or '', '=declined:', '')
  local members = members_key(c, service_of(task))
  if count == 0 or count < redis.call('ZCARD', members) then
    return false
  end
  for _, user in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    if past_of(task, user) ~= 'declined' then
      return false
    end
  end
  return true
end

local function give_up(c, task)
  local outcome = task.f.service and all_declined(c, task) and 'declined_by_all' or 'not_answered'
  close_task(c, task, outcome, 'system', 'queue_time', 'system')
end

-- It keeps the waiting time that it already has.
local function go_back(c, task, why)
  leave_running(c, task)
  clear_offer(task)
  set(task, 'offer', nil)
  set(task, 'state', 'queued')
  set(task, 'why', why)
  log(c, 'requeued', { 'task', task.id, 'service', service_of(task), 'why', why })
  if c.now >= num(task, 'ends') then
    give_up(c, task)
  else
    seek(c, task)
  end
end

-- After an invited agent lost the offer. A direct task that was declined or missed has nobody else to ask.
local function if_nobody_left(c, task, result)
  if task.f.invited then
    return
  end
  if not task.f.service and result == 'declined' then
    close_task(c, task, 'declined_by_all', 'agent', result, 'system')
  elseif not task.f.service and result == 'rona' then
    close_task(c, task, 'not_answered', 'system', result, 'system')
  else
    go_back(c, task, result)
  end
end
