-- agent: the agent as they are now, with what stands against them in each of their services and for direct tasks.
-- keys: root
-- args: tenant, user, at:int
-- returns: open surfaces, reasons (`service=a,b` separated by spaces), then their fields and values; empty if there is none
-- journal: -
--@include reasons
local c = begin(root, tenant, at)
local agent = load_agent(c, user)
if not agent or agent.f.removed then
  return {}
end
local reasons = { '=' .. reasons_for(c, agent, '') }
for service in string.gmatch(agent.f.services or '', PAIR) do
  reasons[#reasons + 1] = service .. '=' .. reasons_for(c, agent, service)
end
local reply = { whole(open_surfaces(c, agent)), table.concat(reasons, ' ') }
for name, value in pairs(agent.f) do
  reply[#reply + 1] = name
  reply[#reply + 1] = value
end
return reply
