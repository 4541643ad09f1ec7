--@include unit
-- first_word: how long a visitor waits until their agent writes. `unspoken` has the agents who have not written since they
-- took the task (`user=accepted at`), `unanswered` the instant of the visitor's first message that no agent has answered.
local function expect_first_word(c, task, user)
  put(task, 'unspoken', pair_put(task.f.unspoken, user, whole(c.now)))
end

local function note_first_word(c, task, user)
  local left, accepted = drop(task.f.unspoken, user)
  put(task, 'unspoken', left)
  if user ~= task.f.agent and user ~= task.f.holder then
    return
  end
  local asked = num(task, 'unanswered')
  log(c, 'first_word', {
    'task', task.id, 'service', service_of(task), 'user', user, 'after_accept', whole(c.now - accepted),
    'after_visitor', asked and whole(c.now - asked) or '',
  })
end
