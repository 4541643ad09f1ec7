-- transfer: the agent hands the talk on, to a service or to another agent ('' = not that). They keep it until somebody is in it.
-- keys: root
-- args: tenant, task, user, to_service, to_user, via, allowed, at:int
-- returns: verdict, why (what stands against it), the task's fields as JSON (see `answer`)
-- journal: transferred, offered
--@include reasons
--@include closing
--@include hours
--@include finish
-- Who is meant by name need be no member of the service.
local HE_IS_MEANT = { not_a_member = true, inactive = true }

local function service_refuses(c, service)
  look_up(c, service, { 'kind', 'removed', 'im_enabled', 'licensed', 'hours' })
  if rule(c, service, 'im_enabled') == 0 then
    return 'im_off'
  elseif rule(c, service, 'licensed') == 0 then
    return 'not_licensed'
  end
  return closes_at(c, service) == nil and 'outside_hours' or nil
end

local function agent_refuses(c, agent, service)
  if agent.f.licensed ~= '1' then
    return 'not_licensed'
  end
  for reason in string.gmatch(reasons_for(c, agent, service), '[^,]+') do
    if not HE_IS_MEANT[reason] and reason ~= 'not_licensed' then
      return reason
    end
  end
end

local c = begin(root, tenant, at)
local record, to = load_task(c, task), to_service ~= '' and to_service or '@' .. to_user
if not record then
  return answer(nil, 'no_such_task')
elseif record.f.holder == user and record.f.transfer_to == to then
  return answer(record, 'unchanged')
elseif record.f.agent ~= user and record.f.holder ~= user then
  return answer(record, 'not_yours')
elseif not allows(allowed, record) then
  return answer(record, 'wrong_state')
end
local agent, rules, why = nil, service_of(record), nil
if to_service ~= '' then
  rules = to_service
  why = service_refuses(c, to_service)
  if not rule_word(c, to_service, 'kind') or rule_word(c, to_service, 'removed') then
    return answer(record, 'no_such_service')
  end
else
  agent = load_agent(c, to_user)
  if not agent or agent.f.removed then
    return answer(record, 'no_such_agent')
  end
  why = to_user == user and 'yourself' or pair_get(agent.f.held, task) or agent_refuses(c, agent, rules)
end
if why then
  return answer(record, 'refused', why)
end
begin_transfer(c, record, to, c.now + (rule(c, rules, 'deliver_seconds') + rule(c, rules, 'offer_seconds')) * 1000)
if agent then
  make_offer(c, record, { agent })
end
finish(c)
return answer(record, 'ok')
