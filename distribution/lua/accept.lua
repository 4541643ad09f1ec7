-- accept: the agent takes the offer. One winner, always.
-- keys: root
-- args: tenant, task, offer, user, via, allowed, at:int
-- returns: verdict, why, the task's fields as JSON (see `answer`)
-- journal: accepted, withdrawn, reached, offered
--@include offer_end
--@include reach
--@include first_word
--@include finish
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
if record.f.won == offer and record.f.agent == user then
  return answer(record, 'unchanged')
elseif not allows(allowed, record) or record.f.offer ~= offer then
  return answer(record, 'gone')
elseif not has_word(record.f.invited, user) then
  return answer(record, past_of(record, user) and 'gone' or 'not_yours')
end
local agent = load_agent(c, user)
for other in string.gmatch(record.f.invited, WORD) do
  if other ~= user then
    drop_invited(c, record, other, 'withdrawn', 'taken')
  end
end
clear_offer(record)
note_past(c, record, user, 'accepted')
set(record, 'state', 'connecting')
set(record, 'agent', user)
set(record, 'accepted', c.now)
put(record, 'won', offer)
expect_first_word(c, record, user)
log(c, 'accepted', { 'task', task, 'service', service_of(record), 'offer', offer, 'user', user, 'via', via })
put(agent, 'misses', nil)
clear_unreached(c, agent)
hold(c, agent, task, 'talk')
finish(c)
return answer(record, 'ok')
