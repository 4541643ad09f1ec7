-- due_list: every subject that is due, now or later, or held. In one call, because between two a subject could be
-- claimed, or
-- be marked and done, and would be missing from both.
-- keys: root
-- args: none
-- returns: subjects (array), each once
-- journal: none
--@include due_sort
local seen, out = {}, {}
local function add(key)
  for _, subject in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    if not seen[subject] then
      seen[subject] = true
      out[#out + 1] = subject
    end
  end
end
add(root .. 'due')
add(root .. 'leases')
for _, class in ipairs({ 'offer', 'arrival', 'relay', 'card', 'room', 'other' }) do
  for _, tenant in ipairs(redis.call('ZRANGE', root .. 'due-turns:' .. class, 0, -1)) do
    add(due_set(root, class, tenant))
  end
end
return out
