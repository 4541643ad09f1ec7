--@include slots
-- settle: follows every consequence of what a call changed. Tasks that nobody has look for an agent; an agent who became
-- free looks for a task; where more than one may have become possible, the task that ranks first takes the agent who comes
-- first. Each step only ever makes an offer, so it ends.

-- Nothing to do for an agent who has no free slot and stands in no ready set.
local function is_settled(agent)
  return not agent.f.ready and slot_reason(agent) ~= nil
end

-- To define functions costs something in every call, so those that match are defined only where there is something to match.
local function settle(c)
  local stirred = {}
  for _, agent in ipairs(c.stirred) do
    agent.is_stirred = not is_settled(agent)
    if agent.is_stirred then
      stirred[#stirred + 1] = agent
    end
  end
  c.stirred = stirred
  if not (c.seeking[1] or stirred[1] or c.lanes[1]) then
    return
  end
--@include match
  local function settle_one(agent)
    local lanes = open_lanes(c, agent)
    if #lanes > 0 and match_agent(c, agent, lanes) then
      lanes = {}
    end
    stand_ready(c, agent, lanes)
    agent.is_stirred = false
  end

  local function settle_together(agents, opened)
    local lanes, known = {}, {}
    local function add(lane)
      if not known[lane] then
        known[lane] = true
        lanes[#lanes + 1] = lane
      end
    end
    for _, lane in ipairs(opened) do
      add(lane)
    end
    for _, agent in ipairs(agents) do
      local open = open_lanes(c, agent)
      stand_ready(c, agent, open)
      agent.is_stirred = false
      for _, lane in ipairs(open) do
        add(lane)
      end
    end
    c.unfinished = match_lanes(c, lanes) or c.unfinished
  end

  -- Where somebody became free at the same time, or a place for which others wait too, the task stands in line first.
  local in_line = stirred[1] or c.lanes[1]
  for _, task in ipairs(c.seeking) do
    if (in_line or not match_task(c, task)) and not task.listed then
      redis.call('ZADD', key_of(c, 'queue', lane_of(task)), task.f.since, task.id)
      task.listed = true
    end
    if in_line then
      c.lanes[#c.lanes + 1] = lane_of(task)
    end
  end
  c.seeking = {}
  while c.stirred[1] or c.lanes[1] do
    local agents, lanes = c.stirred, c.lanes
    c.stirred, c.lanes = {}, {}
    if #agents == 1 and #lanes == 0 then
      settle_one(agents[1])
    else
      settle_together(agents, lanes)
    end
  end
end
