--@include unit
-- hours: when a service is open: `from-until,from-until` in order (ms), or `always`. Python knows time zones and holidays,
-- and stores the instants of the next two weeks.
local function closes_at(c, service)
  local hours = rule_word(c, service, 'hours')
  if not hours or hours == 'always' then
    return true
  end
  for from, till in string.gmatch(hours, '(%d+)-(%d+)') do
    if c.now < tonumber(from) then
      return nil
    elseif c.now < tonumber(till) then
      return tonumber(till)
    end
  end
end

-- When waiting tasks are to leave because the hours end; nil: they stay.
local function hours_end(c, task)
  local service = service_of(task)
  if rule_word(c, service, 'hours_end') ~= 'overflow' or rule_word(c, service, 'overflow') == 'wait' then
    return nil
  end
  local at = closes_at(c, service)
  if at ~= true then
    return at or c.now
  end
end
