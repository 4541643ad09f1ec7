--@include eligible
-- reasons: everything that stands against them, by name, in one fixed order; service '' = direct to them.
local function reasons_for(c, agent, service)
  local reasons = {}
  for _, reason in ipairs({
    standing_reason(agent, service) or '',
    agent.f.duty ~= '1' and 'off_duty' or '',
    presence_reason(c, agent, service) or '',
    agent.f.unavailable and 'not_available' or '',
    agent.f.rona == '1' and 'rona' or '',
    slot_reason(agent) or '',
    unreachable(c, agent) and 'unreachable' or '',
    cut_off(c, agent) and 'teams_unreachable' or '',
  }) do
    if reason ~= '' then
      reasons[#reasons + 1] = reason
    end
  end
  return table.concat(reasons, ',')
end
