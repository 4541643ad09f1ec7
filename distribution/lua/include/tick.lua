--@include ending
--@include lost
--@include offer_fails
--@include surface
--@include presence
--@include snapshot
--@include visitor
--@include user_session
--@include refresh
-- tick: time passed for one deadline's member. It looks at what is due now, whatever the deadline was set for.
local function tick_visitor(c, task)
  if not task.f.left and c.now >= visitor_until(c, task) then
    go_away(c, task, latest_of(task.f.conns))
  end
  if task.f.left and c.now >= visitor_until(c, task) then
    visitor_gone(c, task, 'visitor_gone', 'visitor_gone', 'system')
  end
end

local function warn_of_silence(c, task)
  set(task, 'warned', c.now)
  log(c, 'idle_warned', { 'task', task.id, 'service', service_of(task), 'since', silent_since(task) })
end

local function tick_silence(c, task)
  look_up_silence(c, task)
  local warns, ends = idle_instants(c, task)
  if warns and c.now >= warns then
    warn_of_silence(c, task)
  elseif ends and c.now >= ends then
    end_talk(c, task, task.f.left and 'visitor_gone' or 'idle', 'system', 'idle', 'system')
  end
  local stale = stale_at(c, task)
  if stale and c.now >= stale then
    end_of_sweep(c, task)
  end
end

local function tick_offer(c, task)
  local deliver_by, deadline, delivered = num(task, 'deliver_by'), num(task, 'deadline'), task.f.delivered
  for user in string.gmatch(task.f.invited, WORD) do
    if has_word(delivered, user) then
      if c.now >= deadline then
        miss(c, task, user)
      end
    elseif c.now >= deliver_by then
      not_delivered(c, task, user)
    end
  end
end

local function tick_queued(c, task)
  local pause = num(task, 'pause')
  if pause and c.now >= pause then
    set(task, 'pause', nil)
  end
  local ends, leaves = num(task, 'ends'), not task.f.holder and hours_end(c, task)
  if ends and c.now >= ends then
    overflow(c, task, 'queue_time')
  elseif leaves and c.now >= leaves then
    overflow(c, task, 'hours')
  end
  if task.f.state == 'queued' and task.listed then
    open_levels(c, task)
    seek(c, task)
  end
end

local function tick_task(c, id)
  local task = load_task(c, id)
  if not task then
    return
  end
  put(task, 'next', nil)
  if task.f.state ~= 'acw' and task.f.state ~= 'closed' then
    tick_visitor(c, task)
    tick_silence(c, task)
  end
  if task.f.holder and task.f.state ~= 'connecting' and c.now >= num(task, 'transfer_ends') then
    come_home(c, task, 'not_answered')
  end
  if task.f.state == 'offered' then
    tick_offer(c, task)
  elseif task.f.state == 'queued' then
    tick_queued(c, task)
  elseif task.f.state == 'acw' and c.now >= num(task, 'acw_until') then
    close_task(c, task, task.f.outcome, 'system', 'acw_over', 'system')
  end
end

local function tick_agent(c, user)
  local agent = load_agent(c, user)
  if not agent then
    return
  end
  put(agent, 'next', nil)
  keep_surface(c, agent, '', nil)
  if agent.f.rona == '1' and c.now >= num(agent, 'rona_until') then
    clear_rona(c, agent, 'time')
  end
  if agent.f.retry_at and c.now >= num(agent, 'retry_at') then
    try_again(c, agent)
  end
  local ends = presence_ends(agent)
  if ends > 0 and c.now >= ends and num(agent, 'lapsed') ~= ends then
    set(agent, 'lapsed', ends)
    log_presence(c, agent, '')
  end
  if agent.f.off_at then
    lose_talks(c, agent)
  end
  for id, ends in string.gmatch(agent.f.wraps or '', PAIR) do
    if c.now >= tonumber(ends) then
      end_wrap(c, agent, id, 'acw_over')
    end
  end
  stir(c, agent)
end

-- No probe has said for long that the path is down, or there is more that it woke.
local function tick_path(c)
  local path = path_of(c)
  if path.down and c.now < path.ends then
    deadline_set(c.root, c.tenant, 'path:' .. c.tenant, path.ends)
    return
  end
  path_heals(c, 'time')
  path_wakes(c)
end

local function tick(root, member, at)
  local kind, tenant, id = string.match(member, '^(%a+):([^:]+):?(.*)$')
  local c = begin(root, tenant, at)
  if kind == 'task' then
    tick_task(c, id)
  elseif kind == 'agent' then
    tick_agent(c, id)
  elseif kind == 'service' then
    refresh(c, id)
  elseif kind == 'ending' then
    end_some(c, id)
  elseif kind == 'snapshot' then
    snapshot(c)
  elseif kind == 'path' then
    tick_path(c)
  else
    error('nobody knows what to do at ' .. member)
  end
  finish(c)
  if kind == 'path' and not path_of(c).down then
    path_go_on(c)
  end
end
