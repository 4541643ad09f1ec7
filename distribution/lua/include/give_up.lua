--@include closing
--@include membership
-- give_up: a task that has waited long enough ends.

-- Every member of every open level declined within this waiting period.
local function all_declined(c, task)
  local service = service_of(task)
  local declined, open = {}, level_of(task)
  for user, result in string.gmatch(task.f.past or '', '([^ =]+)=(%a+):') do
    declined[user] = result == 'declined' or nil
  end
  if not next(declined) then
    return false
  end
  local levelled = (rule_word(c, service, 'levels') or '') ~= ''
  for _, user in ipairs(redis.call('ZRANGE', members_key(c, service), 0, -1)) do
    if not declined[user] then
      local level = levelled and tonumber(pair_get(load_agent(c, user).f.levels, service)) or 1
      if level > 0 and level <= open then
        return false
      end
    end
  end
  return true
end

local function give_up(c, task)
  local outcome = task.f.service and all_declined(c, task) and 'declined_by_all' or 'not_answered'
  close_task(c, task, outcome, 'system', 'queue_time', 'system')
end
