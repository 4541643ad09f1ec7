-- confirm_delivery: the offer has arrived somewhere they see it: the offer time starts, once; again for an agent that a broadcast
-- reaches only when it is over for the others.
-- keys: root
-- args: tenant, task, offer, user, via, allowed, at:int
-- returns: verdict, why (`unreached`: they were not to be reached, call `reached`), the task's fields as JSON (see `answer`)
-- journal: delivered
--@include path
--@include write
local c = begin(root, tenant, at)
local record = load_task(c, task)
if not record then
  return answer(nil, 'no_such_task')
end
local verdict = 'gone'
if record.f.won == offer and record.f.agent == user then
  verdict = 'unchanged'
elseif allows(allowed, record) and record.f.offer == offer then
  if not has_word(record.f.invited, user) then
    verdict = past_of(record, user) and 'gone' or 'not_yours'
  elseif has_word(record.f.delivered, user) then
    verdict = 'unchanged'
  else
    verdict = 'ok'
    if via == 'card' then
      path_works(c)
    end
    put(record, 'delivered', record.f.delivered and record.f.delivered .. ' ' .. user or user)
    if c.now >= (num(record, 'deadline') or 0) then
      set(record, 'deadline', c.now + rule(c, service_of(record), 'offer_seconds') * 1000)
    end
    log(c, 'delivered', { 'task', task, 'offer', offer, 'user', user, 'via', via, 'deadline', record.f.deadline })
  end
end
if verdict == 'ok' then
  finish_task(c, record)
end
return answer(record, verdict, redis.call('HGET', key_of(c, 'agent', user), 'unreached') and 'unreached')
