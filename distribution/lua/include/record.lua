--@include packed
-- record: a hash that is read once, changed in memory, and written once, only what changed. Empty fields are not stored.
local function load_record(key)
  local flat = redis.call('HGETALL', key)
  if #flat == 0 then
    return nil
  end
  local fields = {}
  for i = 1, #flat, 2 do
    fields[flat[i]] = flat[i + 1]
  end
  return { key = key, f = fields, changed = {} }
end

-- A change that nobody needs to hear of.
local function put(record, name, value)
  if type(value) == 'number' then
    value = whole(value)
  elseif value == '' then
    value = nil
  end
  if record.f[name] ~= value then
    record.f[name] = value
    record.changed[name] = true
    return true
  end
  return false
end

-- A change that counts the revision up and rings.
local function set(record, name, value)
  if put(record, name, value) then
    record.touched = true
  end
end

local function num(record, name)
  return tonumber(record.f[name])
end

local function save_record(record)
  local sets, dels = {}, {}
  for name in pairs(record.changed) do
    local value = record.f[name]
    if value == nil then
      dels[#dels + 1] = name
    else
      sets[#sets + 1] = name
      sets[#sets + 1] = value
    end
  end
  if #sets > 0 then
    redis.call('HSET', record.key, unpack(sets))
  end
  if #dels > 0 then
    redis.call('HDEL', record.key, unpack(dels))
  end
  record.changed = {}
end
