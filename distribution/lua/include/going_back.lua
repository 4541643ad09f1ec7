--@include overflow
-- going_back: nobody has the task any more; it waits again, or that was the end of it.

-- It keeps the waiting time that it already has.
local function go_back(c, task, why)
  if task.f.holder and nobody_to_ask(c, task) then
    return come_home(c, task, why)
  end
  leave_running(c, task)
  clear_offer(task)
  set(task, 'offer', nil)
  set(task, 'state', 'queued')
  set(task, 'why', why)
  set_level(c, task)
  log(c, 'requeued', { 'task', task.id, 'service', service_of(task), 'why', why, 'rank', whole(rank_of(c, task)) })
  local ends = num(task, 'ends')
  if ends and c.now >= ends then
    overflow(c, task, 'queue_time')
  end
  if task.f.state == 'queued' then
    seek(c, task)
  end
end

-- After an invited agent lost the offer. A direct task that was declined or missed has nobody else to ask.
local function if_nobody_left(c, task, result)
  if task.f.invited then
    return
  end
  if task.f.holder then
    go_back(c, task, result)
  elseif not task.f.service and result == 'declined' then
    close_task(c, task, 'declined_by_all', 'agent', result, 'system')
  elseif not task.f.service and result == 'rona' then
    close_task(c, task, 'not_answered', 'system', result, 'system')
  else
    go_back(c, task, result)
  end
end
