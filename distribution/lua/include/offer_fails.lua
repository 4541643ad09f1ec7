--@include going_back
--@include rona
--@include reach
--@include eligible
-- offer_fails: an offer that did not arrive, or was not answered in time.
local function fail_delivery(c, task, user, why)
  drop_invited(c, task, user, 'undelivered', why)
  local agent = load_agent(c, user)
  if agent then
    set_unreached(c, agent)
  end
  if_nobody_left(c, task, 'undelivered')
end

-- The offer goes back, and nothing is held against the agent, who may be asked again at once.
local function call_off(c, task, user)
  drop_invited(c, task, user, 'withdrawn', 'teams_unreachable')
  if_nobody_left(c, task, 'withdrawn')
end

-- Its time to be delivered is over. It is charged to the agent only if cards have arrived elsewhere since the offer.
local function not_delivered(c, task, user)
  local agent, path = load_agent(c, user), path_of(c)
  local by_card = agent and agent.f.registered == '1' and open_surfaces(c, agent) == 0
  if by_card and (path.down or path.ok < num(task, 'offered')) then
    path_probe(c)
    call_off(c, task, user)
  else
    fail_delivery(c, task, user, 'time')
  end
end

local function miss(c, task, user)
  drop_invited(c, task, user, 'rona', 'time')
  local agent, service = load_agent(c, user), service_of(task)
  -- Of a broadcast many hear, and one answers: it flags nobody.
  if agent and rule_word(c, service, 'kind') ~= 'broadcast' then
    local misses, limit = (num(agent, 'misses') or 0) + 1, rule(c, service, 'rona_after_misses')
    put(agent, 'misses', misses)
    if rule(c, service, 'persistent_rona') == 1 or (limit > 0 and misses >= limit) then
      flag_rona(c, agent, service)
    end
  end
  if_nobody_left(c, task, 'rona')
end
