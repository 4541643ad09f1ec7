-- take_back: the agent who hands the talk on changes their mind, as long as nobody else is in it.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, withdrawn, offered
--@include closing
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
elseif record.f.agent == user and record.f.state == 'active' then
  return answer(record, 'unchanged')
elseif record.f.holder ~= user then
  return answer(record, (pair_get(record.f.handed_on, user) or record.f.agent == user) and 'wrong_state' or 'not_yours')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
come_home(c, record, 'taken_back')
finish(c)
return answer(record, 'ok')
