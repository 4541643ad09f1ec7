--@include slots
--@include past
-- offer_end: an invited agent has the offer no longer.
local function clear_offer(task)
  set(task, 'invited', nil)
  set(task, 'deliver_by', nil)
  set(task, 'deadline', nil)
  put(task, 'delivered', nil)
end

-- One invited agent loses the offer. What it means for him depends on the result.
local function drop_invited(c, task, user, result, how)
  local invited = {}
  for _, other in ipairs(words_of(task.f.invited)) do
    if other ~= user then
      invited[#invited + 1] = other
    end
  end
  set(task, 'invited', words_text(invited))
  note_past(c, task, user, result)
  log(c, result, { 'task', task.id, 'service', service_of(task), 'offer', task.f.offer, 'user', user, 'how', how or '' })
  local agent = load_agent(c, user)
  if agent then
    release(c, agent, task.id)
    if DECLINED_OR_MISSED[result] then
      put_back(c, agent)
    end
  end
end
