--@include slots
--@include asked
-- offer_end: an invited agent has the offer no longer.
local function clear_offer(task)
  set(task, 'invited', nil)
  set(task, 'deliver_by', nil)
  set(task, 'deadline', nil)
  put(task, 'delivered', nil)
end

-- One invited agent loses the offer. `how`: by which surface, or why.
local function drop_invited(c, task, user, result, how)
  set(task, 'invited', (drop(task.f.invited, user)))
  note_past(c, task, user, result)
  log(c, result, { 'task', task.id, 'service', service_of(task), 'offer', task.f.offer, 'user', user, 'how', how })
  local agent = load_agent(c, user)
  if agent then
    release(c, agent, task.id)
    if NOT_AGAIN[result] then
      put_back(c, agent)
    end
  end
end

local function withdraw_all(c, task, how)
  for user in string.gmatch(task.f.invited or '', WORD) do
    drop_invited(c, task, user, 'withdrawn', how)
  end
  clear_offer(task)
end
