-- directory_some_registrations: where the bot reaches some of a tenant's users, picked at random.
-- keys: root
-- args: tenant, count:int
-- returns: at most `count` registrations as JSON (array)
-- journal: none
local flat, found = redis.call('HRANDFIELD', root .. 'registrations:' .. tenant, count, 'WITHVALUES'), {}
for i = 2, #flat, 2 do
  found[#found + 1] = flat[i]
end
return found
