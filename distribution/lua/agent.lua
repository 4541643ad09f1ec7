-- agent: the agent as he is now, with what stands against him in each of his services and for direct tasks.
-- keys: root
-- args: tenant, user, at:int
-- returns: open surfaces, reasons (`service=a,b` separated by spaces), then his fields and values; empty if there is none
-- journal: -
--@include eligible
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return {}
end
local reasons = { { '', table.concat(reasons_for(c, agent, ''), ',') } }
for _, service in ipairs(pairs_of(agent.f.services)) do
  reasons[#reasons + 1] = { service[1], table.concat(reasons_for(c, agent, service[1]), ',') }
end
local reply = { whole(open_surfaces(c, agent)), pairs_text(reasons) }
for name, value in pairs(agent.f) do
  reply[#reply + 1] = name
  reply[#reply + 1] = value
end
return reply
