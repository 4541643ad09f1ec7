-- doubt_shown: what stands in Teams may be newer than what is noted here. The activities stay known, their pictures do
-- not: each is painted again. The offer that a card was sent for (before the `|`) stays known as well.
-- keys: root
-- args: tenant, conversation
-- returns: how many pictures
-- journal: none
--@include chat
local names = chat_names(root, tenant, conversation)
local shown = redis.call('HGETALL', names.shown)
local count = 0
for i = 1, #shown, 2 do
  local picture = cjson.decode(shown[i + 1])
  picture[3] = string.match(picture[3], '^[^|]*|') or ''
  redis.call('HSET', names.shown, shown[i], cjson.encode(picture))
  count = count + 1
end
return count
