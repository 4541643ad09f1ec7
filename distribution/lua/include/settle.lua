--@include match
--@include overflow
-- settle: follows every consequence of what a call changed. Tasks that nobody has look for an agent; an agent who became
-- free looks for a task; where more than one may have become possible, the task that ranks first takes the agent who comes
-- first. Each step makes an offer, or moves a task on to another service, which it does three times at most: so it ends.

-- Nothing to do for an agent who has no free slot and stands in no ready set.
local function is_settled(agent)
  return not agent.f.ready and slot_reason(agent) ~= nil
end

local function settle_one(c, agent)
  local lanes = open_lanes(c, agent)
  if #lanes > 0 and match_agent(c, agent, lanes) then
    lanes = {}
  end
  stand_ready(c, agent, lanes)
  agent.is_stirred = false
end

-- Go on with these agents one by one in a moment, should it have stopped before the end.
local function come_back(c, agents)
  for _, agent in ipairs(agents) do
    if not slot_reason(agent) then
      put(agent, 'resume_at', c.now + SKIP_ON_AFTER)
    end
  end
end

local function settle_together(c, agents, opened)
  local lanes, known = {}, {}
  local function add(lane)
    if not known[lane] then
      known[lane] = true
      lanes[#lanes + 1] = lane
    end
  end
  for _, service in ipairs(opened) do
    add(service)
  end
  for _, agent in ipairs(agents) do
    local open = open_lanes(c, agent)
    stand_ready(c, agent, open)
    agent.is_stirred = false
    for _, lane in ipairs(open) do
      add(service_of_lane(lane))
    end
  end
  if match_lanes(c, lanes) then
    c.unfinished = true
    come_back(c, agents)
  end
end

-- Where somebody became free at the same time, or a place for which others wait too, a task stands in line first.
local function settle_seeking(c)
  local in_line, seeking = c.stirred[1] or c.lanes[1], c.seeking
  c.seeking = {}
  for _, task in ipairs(seeking) do
    if task.f.state == 'queued' then
      if (in_line or not match_task(c, task)) and not task.listed then
        enter_queue(c, task)
      end
      if in_line then
        c.lanes[#c.lanes + 1] = lane_of(task)
      end
    end
  end
end

local function settle(c)
  local stirred = {}
  for _, agent in ipairs(c.stirred) do
    agent.is_stirred = not is_settled(agent)
    if agent.is_stirred then
      stirred[#stirred + 1] = agent
    end
  end
  c.stirred = stirred
  repeat
    settle_seeking(c)
    while c.stirred[1] or c.lanes[1] do
      local agents, lanes = c.stirred, c.lanes
      c.stirred, c.lanes = {}, {}
      if #agents == 1 and #lanes == 0 then
        settle_one(c, agents[1])
      else
        settle_together(c, agents, lanes)
      end
    end
  until not (c.fresh[1] and overflow_queue(c))
end
