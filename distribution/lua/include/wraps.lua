--@include slots
--@include asked
-- wraps: the after-call work of an agent who handed the talk on, while others go on with it.
-- How often he has extended it, and its end; nil when he has none.
local function wrap_of(task, user)
  local entry = pair_get(task.f.wraps, user)
  if entry then
    return string.match(entry, '^(%d+):(%d+)$')
  end
end

local function end_wrap(c, agent, id, how)
  local task = load_task(c, id)
  release(c, agent, id)
  set(agent, 'wraps', (drop(agent.f.wraps, id)))
  if task then
    local _, _, offer = past_of(task, agent.user)
    set(task, 'wraps', (drop(task.f.wraps, agent.user)))
    set(task, 'past', pair_put(task.f.past, agent.user, 'accepted:0:' .. offer))
  end
  log(c, 'wrapped', { 'task', id, 'user', agent.user, 'how', how })
end
