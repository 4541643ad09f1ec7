-- chat: the names of a conversation's keys, how long they live, and when it is over.
local function chat_names(root, tenant, conversation)
  local tail = tenant .. ':' .. conversation
  return {
    facts = root .. 'conversation:' .. tail,
    messages = root .. 'messages:' .. tail,
    said = root .. 'said:' .. tail,
    early = root .. 'early:' .. tail,
    sent = root .. 'sent:' .. tail,
    shown = root .. 'shown:' .. tail,
  }
end

-- Every write starts the time to live again, so that a transcript stays whole.
local function chat_keep(root, tenant, names, keep)
  for _, name in pairs(names) do
    redis.call('EXPIRE', name, keep)
  end
  local room = redis.call('HGET', names.facts, 'chat')
  if room then
    redis.call('EXPIRE', root .. 'chat:' .. tenant .. ':' .. room, keep)
  end
end

-- The talk is over in the very step that ends the task, not when somebody gets round to closing the conversation.
local function chat_is_over(root, tenant, conversation)
  local state = redis.call('HGET', root .. 'task:' .. tenant .. ':' .. conversation, 'state')
  return state == 'acw' or state == 'closed'
end
