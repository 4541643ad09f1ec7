--@include asked
--@include eligible
--@include write
-- undelivered_offer: what is asked first about an offer that did not reach an agent.

-- Returns the task, and a verdict and a reason if nothing is to be done: the agent is not asked, or was reached. `over`: the
-- offer is not the one that rings.
local function undelivered_offer(c, task, offer, user, allowed)
  local record = load_task(c, task)
  if not record then
    return nil, 'no_such_task'
  end
  if not allows(allowed, record) or record.f.offer ~= offer then
    return record, 'gone', nil, true
  elseif not has_word(record.f.invited, user) then
    return record, past_of(record, user) and 'gone' or 'not_yours'
  elseif has_word(record.f.delivered, user) then
    return record, 'unchanged', 'delivered'
  end
  local agent = load_agent(c, user)
  if agent and open_surfaces(c, agent) > 0 then
    return record, 'unchanged', 'open_surface'
  end
  return record
end
