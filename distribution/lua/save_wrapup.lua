-- save_wrapup: codes, tags and the note, as the form shows them now.
-- keys: root
-- args: tenant, task, user, codes, tags, note, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: wrapup
--@include write
--@include user_session
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local refusal = acw_refusal(record, user, allowed)
if refusal then
  return answer(record, refusal)
end
set_entries(record, user, { codes = codes, tags = tags, note = note })
if not record.touched then
  return answer(record, 'unchanged')
end
log(c, 'wrapup', { 'task', task, 'user', user, 'codes', codes, 'tags', tags })
finish_task(c, record)
return answer(record, 'ok')
