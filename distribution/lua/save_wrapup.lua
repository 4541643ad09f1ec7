-- save_wrapup: codes, tags and the note, as the form shows them now.
-- keys: root
-- args: tenant, task, user, codes, tags, note, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: wrapup
--@include write
--@include noted
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local wraps = pair_get(record.f.wraps, user) ~= nil
if not wraps and record.f.agent ~= user then
  return answer(record, pair_get(record.f.handed_on, user) and 'wrong_state' or 'not_yours')
elseif not wraps and not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
if wraps then
  set_noted(record, user, { codes = codes, tags = tags, note = note })
else
  set(record, 'codes', codes)
  set(record, 'tags', tags)
  set(record, 'note', note)
end
if not record.touched then
  return answer(record, 'unchanged')
end
log(c, 'wrapup', { 'task', task, 'user', user, 'codes', codes, 'tags', tags })
finish_task(c, record)
return answer(record, 'ok')
