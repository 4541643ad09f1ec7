--@include presence_ends
--@include write
--@include settle
-- finish: settle, then write each task and agent once.

-- When an agent who is offline loses the first of their talks; where one is being opened or handed on, when to look again.
local function talks_lost_at(c, agent)
  local first = nil
  for id, state in string.gmatch(agent.f.held or '', PAIR) do
    local task = state == 'talk' and load_task(c, id)
    if task and (task.f.state == 'connecting' or task.f.holder) then
      first = earlier(c.now + rule(c, service_of(task), 'agent_lost_seconds') * 1000, first)
    elseif task then
      first = earlier(lost_at(c, agent, task), first)
    end
  end
  return first
end

-- When time alone next changes something about an agent.
local function agent_next(c, agent)
  local at, f = nil, agent.f
  local function consider(instant)
    if instant and instant > c.now then
      at = earlier(instant, at)
    end
  end
  consider(f.rona_until and num(agent, 'rona_until'))
  consider(f.retry_at and num(agent, 'retry_at'))
  consider((f.presence ~= 'Offline' or f.surfaces) and presence_ends(agent))
  consider(f.resume_at and num(agent, 'resume_at'))
  for ends in string.gmatch(f.wraps or '', '=(%d+)') do
    consider(tonumber(ends))
  end
  if f.off_at then
    consider(talks_lost_at(c, agent))
  end
  for expires in string.gmatch(f.surfaces or '', '=(%d+)') do
    consider(tonumber(expires))
  end
  return at
end

local function finish_agent(c, agent)
  local member = 'agent:' .. c.tenant .. ':' .. agent.user
  if agent.touched then
    put(agent, 'rev', (num(agent, 'rev') or 0) + 1)
  end
  if agent.f.removed and not agent.f.held then
    deadline_clear(c.root, c.tenant, member)
    redis.call('DEL', agent.key)
  else
    arm(c, agent, member, agent_next(c, agent))
    save(agent)
  end
  if agent.touched then
    bell('agent', c.tenant, agent.user, agent.f.rev)
  end
end

local function finish(c)
  settle(c)
  for _, task in pairs(c.tasks) do
    if task and next(task.changed) then
      finish_task(c, task)
    end
  end
  for _, agent in pairs(c.agents) do
    if agent and next(agent.changed) then
      finish_agent(c, agent)
    end
  end
end
