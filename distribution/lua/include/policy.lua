--@include unit
-- policy: the order of agents. Each policy turns an agent into a score; the lowest is asked first. An agent who declined or
-- missed an offer (`put_back`) stands behind all who did not. Python validates the names: `vocabulary.OfferPolicy`.
local BAND = 1e13  -- wider than any instant in milliseconds for the next 250 years

local function longest_idle(agent)
  return math.max(num(agent, 'idle_since') or 0, num(agent, 'put_back') or 0)
end

local POLICIES = {
  longest_idle = longest_idle,
  round_robin = function(agent)
    return math.max(num(agent, 'last_offer') or 0, num(agent, 'put_back') or 0)
  end,
  least_occupied = function(agent)
    local _, held = string.gsub(agent.f.held or '', '=', '')
    local occupied = math.floor(100 * held / (num(agent, 'capacity') or 1))
    if (num(agent, 'put_back') or 0) > (num(agent, 'idle_since') or 0) then
      occupied = 100
    end
    return occupied * BAND + longest_idle(agent)
  end,
}
