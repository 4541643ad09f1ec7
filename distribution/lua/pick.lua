-- pick: an agent takes a waiting task himself, where the service allows it.
-- keys: root
-- args: tenant, task, user, via, allowed, at:int
-- returns: verdict, why (what stands against it), the task's fields as JSON (see `answer`)
-- journal: picked, reached, offered
--@include reasons
--@include reach
--@include first_word
--@include finish
-- An agent who asks for a task is there, no matter what Teams says.
local HE_IS_HERE = { busy = true, away = true, offline = true, unreachable = true, teams_unreachable = true }

local function against(c, agent, service)
  for reason in string.gmatch(reasons_for(c, agent, service), '[^,]+') do
    if not HE_IS_HERE[reason] then
      return reason
    end
  end
end

local c = begin(root, tenant, at)
local record, agent = load_task(c, task), load_agent(c, user)
if not record then
  return answer(nil, 'no_such_task')
elseif not agent or agent.f.removed then
  return answer(record, 'no_such_agent')
elseif record.f.agent == user and record.f.won and record.f.state ~= 'closed' then
  return answer(record, 'unchanged')
elseif not allows(allowed, record) then
  return answer(record, record.f.state == 'arriving' and 'wrong_state' or 'gone')
end
if pair_get(agent.f.held, task) then
  return answer(record, 'refused', 'holds_it')
end
local service = service_of(record)
local console = via == 'console' and rule_word(c, service, 'kind') == 'pickup'
if not console and rule(c, service, 'agents_may_pick') == 0 then
  return answer(record, 'refused', 'not_picked_here')
elseif service == '' and record.f.user ~= user then
  return answer(record, 'not_yours')
end
local why = against(c, agent, service)
if not why and not is_open_to(agent, record) then
  why = 'level'
elseif not why and service ~= '' and not has_room(c, record) then
  why = 'full'
end
if why then
  return answer(record, 'refused', why)
end
-- How many it passed over: none is in order.
local passed = redis.call('ZRANK', key_of(c, 'queue', lane_of(record)), task)
leave_queue(c, record)
if service ~= '' then
  redis.call('SADD', key_of(c, 'running', service), task)
end
local number = ((num(record, 'offers') or 0) + 1) .. ''
put(record, 'offers', number)
set(record, 'offer', number)
put(record, 'won', number)
note_past(c, record, user, 'accepted')
set(record, 'state', 'connecting')
set(record, 'agent', user)
set(record, 'offered', c.now)
set(record, 'accepted', c.now)
set(record, 'why', nil)
set(record, 'pause', nil)
put(agent, 'last_offer', c.now)
put(agent, 'misses', nil)
agent.moved = true
expect_first_word(c, record, user)
log(c, 'picked', { 'task', task, 'service', service, 'offer', number, 'user', user, 'via', via, 'passed', passed or 0 })
clear_unreached(c, agent)
hold(c, agent, task, 'talk')
finish(c)
return answer(record, 'ok')
