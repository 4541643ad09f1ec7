-- opening_failed: the room was not opened: the agent is freed. The task waits again, and nobody is asked until a pause is
-- over that doubles with each attempt; after `opening_attempts` it ends. A chat that is handed on returns to its holder in time.
-- keys: root
-- args: tenant, task, why, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: returned, failed, requeued, offered, closed, overflowed, waits_on
--@include opening
--@include going_back
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
local user = record.f.agent
note_past(c, record, user, 'failed')
local pause = note_failed_opening(c, record, why)
log(c, 'failed', {
  'task', task, 'service', service_of(record), 'offer', record.f.won, 'user', user, 'why', why, 'pause', pause or '',
})
local agent = load_agent(c, user)
if agent then
  release(c, agent, task)
  put_back(c, agent)
end
set(record, 'agent', nil)
set(record, 'accepted', nil)
put(record, 'won', nil)
if out_of_attempts(c, record) then
  close_task(c, record, 'error', 'system', why, 'system')
else
  go_back(c, record, why)
end
finish(c)
return answer(record, 'ok')
