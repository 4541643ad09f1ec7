--@include going_back
--@include rona
-- offer_fails: an offer that did not arrive, or was not answered in time.
local RETRY_FIRST = 60000   -- ms; doubled each time in a row: nobody says "he is back" when Teams was only slow
local RETRY_MOST = 900000

local function fail_delivery(c, task, user, why)
  drop_invited(c, task, user, 'undelivered', why)
  local agent = load_agent(c, user)
  if agent then
    local failures = (num(agent, 'unreached') or 0) + 1
    set(agent, 'unreached', failures)
    set(agent, 'retry_at', c.now + math.min(RETRY_FIRST * 2 ^ (failures - 1), RETRY_MOST))
  end
  if_nobody_left(c, task, 'undelivered')
end

local function miss(c, task, user)
  drop_invited(c, task, user, 'rona', 'time')
  local agent = load_agent(c, user)
  if agent then
    local service = service_of(task)
    local misses, limit = (num(agent, 'misses') or 0) + 1, rule(c, service, 'rona_after_misses')
    put(agent, 'misses', misses)
    if rule(c, service, 'persistent_rona') == 1 or (limit > 0 and misses >= limit) then
      flag_rona(c, agent, service)
    end
  end
  if_nobody_left(c, task, 'rona')
end
