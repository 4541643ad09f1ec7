--@include eligible
-- policy: the order of agents. Each policy turns an agent into a score; the lowest is asked first. An agent who declined or
-- missed an offer (`put_back`) stands behind all who did not. Python validates the names: `agents.POLICIES`.
local BAND = 1e13  -- wider than any instant in milliseconds for the next 250 years

local function back(agent)
  return num(agent, 'put_back') or 0
end

local function longest_idle(agent)
  return math.max(num(agent, 'idle_since') or 0, back(agent))
end

local POLICIES = {
  longest_idle = longest_idle,
  round_robin = function(agent)
    return math.max(num(agent, 'last_offer') or 0, back(agent))
  end,
  least_occupied = function(agent)
    local occupied = math.floor(100 * #agent.held / (num(agent, 'capacity') or 1))
    if back(agent) > (num(agent, 'idle_since') or 0) then
      occupied = 100
    end
    return occupied * BAND + longest_idle(agent)
  end,
}

local function score_of(c, agent, service)
  return POLICIES[rule_word(c, service, 'policy') or 'longest_idle'](agent)
end
