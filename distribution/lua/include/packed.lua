-- packed: small lists inside one hash field, `a b c` or `a=1 b=2`, in the order that they came in. No cjson on the way
-- that every task takes.
local function words_of(text)
  local words = {}
  for word in string.gmatch(text or '', '[^ ]+') do
    words[#words + 1] = word
  end
  return words
end

local function words_text(words)
  return table.concat(words, ' ')
end

local function has_word(text, word)
  return text ~= nil and string.find(' ' .. text .. ' ', ' ' .. word .. ' ', 1, true) ~= nil
end

local function pairs_of(text)
  local list = {}
  if text then
    for name, value in string.gmatch(text, '([^ =]+)=([^ ]*)') do
      list[#list + 1] = { name, value }
    end
  end
  return list
end

local function pairs_text(list)
  local parts = {}
  for i = 1, #list do
    parts[i] = list[i][1] .. '=' .. list[i][2]
  end
  return table.concat(parts, ' ')
end

local function pair_get(list, name)
  for i = 1, #list do
    if list[i][1] == name then
      return list[i][2]
    end
  end
end

local function pair_put(list, name, value)
  for i = 1, #list do
    if list[i][1] == name then
      list[i][2] = value
      return
    end
  end
  list[#list + 1] = { name, value }
end

local function pair_drop(list, name)
  for i = 1, #list do
    if list[i][1] == name then
      return table.remove(list, i)[2]
    end
  end
end

local function whole(number)
  return string.format('%.0f', number)
end

-- The latest instant of a packed list of `name=instant`, or nil.
local function latest_of(list)
  local latest = nil
  for i = 1, #list do
    latest = math.max(latest or 0, tonumber(list[i][2]))
  end
  return latest
end

local function earlier(a, b)
  if not a or (b and b < a) then
    return b
  end
  return a
end
