-- finish_acw: early end of the after-call work.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: closed, wrapped, offered
--@include closing
--@include user_session
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local refusal = acw_refusal(record, user, allowed)
local over = record.f.state == 'closed' or record.f.agent ~= user
if refusal then
  return answer(record, refusal == 'wrong_state' and over and 'unchanged' or refusal)
elseif has_left(record, user) then
  end_wrap(c, load_agent(c, user), task, 'acw_done')
else
  close_task(c, record, record.f.outcome, 'agent', 'acw_done', via)
end
finish(c)
return answer(record, 'ok')
