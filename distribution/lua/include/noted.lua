--@include unit
-- noted: what agents entered in after-call work. Of the agent who has the talk, or had it last, it stands in the task's own
-- fields; of those who had it before him it is kept in `noted`, as JSON: `{user: {codes, tags, note}}`, without what is empty.
local NOTED = { 'codes', 'tags', 'note' }

local function noted_by(task, user)
  return task.f.noted and cjson.decode(task.f.noted)[user]
end

local function put_noted(task, user, entered)
  local all = task.f.noted and cjson.decode(task.f.noted) or {}
  all[user] = next(entered) and entered
  set(task, 'noted', next(all) and cjson.encode(all))
end

-- Somebody else will have the talk: what its agent has entered stays his own.
local function keep_noted(task, user)
  local his = {}
  for _, name in ipairs(NOTED) do
    his[name] = task.f[name]
    set(task, name, nil)
  end
  if next(his) then
    put_noted(task, user, his)
  end
end

-- One who had it before goes on where he was.
local function take_up_noted(task, user)
  local his = noted_by(task, user)
  if his then
    for _, name in ipairs(NOTED) do
      set(task, name, his[name])
    end
    put_noted(task, user, {})
  end
end

-- As he has entered it after he handed the talk on.
local function set_noted(task, user, entered)
  local before, now, changed = noted_by(task, user) or {}, {}, false
  for _, name in ipairs(NOTED) do
    now[name] = entered[name] ~= '' and entered[name] or nil
    changed = changed or now[name] ~= before[name]
  end
  if changed then
    put_noted(task, user, now)
  end
end
