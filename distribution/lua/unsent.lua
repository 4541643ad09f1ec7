-- unsent: the offer cannot be delivered because cards reach nobody: it goes back, and nothing is held against the agent.
-- keys: root
-- args: tenant, task, offer, user, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, withdrawn, requeued, offered, closed, overflowed, waits_on
--@include offer_fails
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) or record.f.offer ~= offer then
  return answer(record, 'gone')
elseif not has_word(record.f.invited, user) then
  return answer(record, past_of(record, user) and 'gone' or 'not_yours')
elseif has_word(record.f.delivered, user) then
  return answer(record, 'unchanged', 'delivered')
end
local agent = load_agent(c, user)
if agent and open_surfaces(c, agent) > 0 then
  return answer(record, 'unchanged', 'open_surface')
end
call_off(c, record, user)
finish(c)
return answer(record, 'ok')
