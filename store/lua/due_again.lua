-- due_again: a worker with handlers for these kinds starts: subjects set aside for lack of one are due again.
-- keys: root
-- args: kinds:json
-- returns: how many
-- journal: none
--@include due
--@include due_sort
local known, count = {}, 0
for _, kind in ipairs(kinds) do
  known[kind] = true
end
for _, subject in ipairs(redis.call('ZRANGE', root .. 'due-aside', 0, -1)) do
  local kind = due_read(subject)
  if kind and known[kind] then
    redis.call('ZREM', root .. 'due-aside', subject)
    due_mark(root, subject)
    count = count + 1
  end
end
return count
