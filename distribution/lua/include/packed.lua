-- packed: small lists inside one hash field, `a b c` or `a=1 b=2`, in the order that they came in. Read and changed as
-- text: tables and cjson would be the dearest part of most calls.
local PAIR = '([^ =]+)=([^ ]*)'
local WORD = '[^ ]+'

local function has_word(text, word)
  return text ~= nil and string.find(' ' .. text .. ' ', ' ' .. word .. ' ', 1, true) ~= nil
end

local function pair_get(text, name)
  local _, stop = string.find(' ' .. (text or ''), ' ' .. name .. '=', 1, true)
  return stop and string.match(text, '^[^ ]*', stop)
end

-- In its old place, or at the end.
local function pair_put(text, name, value)
  local _, stop = string.find(' ' .. (text or ''), ' ' .. name .. '=', 1, true)
  if stop then
    return string.sub(text, 1, stop - 1) .. value .. string.match(text, '^[^ ]*(.*)', stop)
  end
  return (text and text .. ' ' or '') .. name .. '=' .. value
end

-- What is left (nil: nothing), and the value that went.
local function drop(text, name)
  local left, value = nil, nil
  for word in string.gmatch(text or '', WORD) do
    local key, rest = string.match(word, '^([^=]+)=?(.*)$')
    if key == name then
      value = rest
    else
      left = (left and left .. ' ' or '') .. word
    end
  end
  return left, value
end

-- The latest instant of `name=instant …`, 0 if there is none.
local function latest_of(text)
  local latest = 0
  for instant in string.gmatch(text or '', '=(%d+)') do
    latest = math.max(latest, tonumber(instant))
  end
  return latest
end

-- Instants as text: Lua's own way would shorten those of more than 14 digits.
local function whole(number)
  return string.format('%.0f', number)
end
