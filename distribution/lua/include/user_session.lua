--@include write
--@include slots
--@include asked
-- user_session: one agent's part in a task: their after-call work (ACW) and what they entered in it. Of the agent who has the
-- talk, or had it last, both stand in the task's own fields. Of those who had it before, `wraps` has the ACW
-- (`user=extensions used:end`), and `noted` the entries, as JSON: `{user: {codes, tags, note}}`, without what is empty.
local ENTRIES = { 'codes', 'tags', 'note' }

local function has_left(task, user)
  return pair_get(task.f.wraps, user) ~= nil
end

-- Why this agent cannot work on their entries and ACW now; nil when they can.
local function acw_refusal(task, user, allowed)
  if has_left(task, user) then
    return nil
  elseif task.f.agent ~= user then
    return pair_get(task.f.handed_on, user) and 'wrong_state' or 'not_yours'
  elseif not allows(allowed, task) then
    return 'wrong_state'
  end
end

-- The service by whose rules an agent does ACW; '' = direct.
local function acw_service(task, user)
  return has_left(task, user) and pair_get(task.f.handed_on, user) or service_of(task)
end

-- How often an agent has extended their ACW, and its end in ms.
local function acw_of(task, user)
  local wrap = pair_get(task.f.wraps, user)
  if wrap then
    local used, ends = string.match(wrap, '^(%d+):(%d+)$')
    return tonumber(used), tonumber(ends)
  end
  return num(task, 'acw_extensions') or 0, num(task, 'acw_until')
end

local function set_acw(c, task, user, used, ends)
  ends = whole(ends)
  if not has_left(task, user) then
    set(task, 'acw_extensions', used)
    set(task, 'acw_until', ends)
    return
  end
  local agent = load_agent(c, user)
  set(agent, 'wraps', pair_put(agent.f.wraps, task.id, ends))
  set(task, 'wraps', pair_put(task.f.wraps, user, whole(used) .. ':' .. ends))
end

-- The ACW of one who had the talk before is over; the task goes on with others.
local function end_wrap(c, agent, id, how)
  local task = load_task(c, id)
  release(c, agent, id)
  set(agent, 'wraps', (drop(agent.f.wraps, id)))
  if task then
    local _, _, offer = past_of(task, agent.user)
    set(task, 'wraps', (drop(task.f.wraps, agent.user)))
    set(task, 'past', pair_put(task.f.past, agent.user, 'accepted:0:' .. offer))
  end
  log(c, 'wrapped', { 'task', id, 'user', agent.user, 'how', how })
end

local function noted_by(task, user)
  return task.f.noted and cjson.decode(task.f.noted)[user]
end

local function put_noted(task, user, entries)
  local all = task.f.noted and cjson.decode(task.f.noted) or {}
  all[user] = next(entries) and entries
  set(task, 'noted', next(all) and cjson.encode(all))
end

-- Codes, tags and the note as the agent's form shows them now; '' = empty.
local function set_entries(task, user, entries)
  if not has_left(task, user) then
    for _, name in ipairs(ENTRIES) do
      set(task, name, entries[name])
    end
    return
  end
  local before, now, changed = noted_by(task, user) or {}, {}, false
  for _, name in ipairs(ENTRIES) do
    now[name] = entries[name] ~= '' and entries[name] or nil
    changed = changed or now[name] ~= before[name]
  end
  if changed then
    put_noted(task, user, now)
  end
end

-- Another agent will have the talk: what this one has entered stays theirs.
local function keep_entries(task, user)
  local entries = {}
  for _, name in ipairs(ENTRIES) do
    entries[name] = task.f[name]
    set(task, name, nil)
  end
  if next(entries) then
    put_noted(task, user, entries)
  end
end

-- An agent who had the talk before has it again, and goes on with their entries.
local function take_up_entries(task, user)
  local entries = noted_by(task, user)
  if entries then
    for _, name in ipairs(ENTRIES) do
      set(task, name, entries[name])
    end
    put_noted(task, user, {})
  end
end
