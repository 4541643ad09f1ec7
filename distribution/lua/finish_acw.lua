-- finish_acw: early end of the after-call work.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: closed, wrapped, offered
--@include closing
--@include wraps
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if wrap_of(record, user) then
  end_wrap(c, load_agent(c, user), task, 'acw_done')
  finish(c)
  return answer(record, 'ok')
elseif record.f.agent ~= user then
  return answer(record, pair_get(record.f.handed_on, user) and 'unchanged' or 'not_yours')
elseif record.f.state == 'closed' then
  return answer(record, 'unchanged')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
close_task(c, record, record.f.outcome, 'agent', 'acw_done', via)
finish(c)
return answer(record, 'ok')
