-- bell: tell every replica that something changed. It carries no content: whoever hears it looks for himself.
-- A shard's bells are heard from the server that keeps the shard; a plain PUBLISH would go to every node of a cluster.
local function bell(root, kind, tenant, id, number)
  if type(number) == 'number' then
    number = string.format('%.0f', number)
  end
  redis.call('SPUBLISH', root .. 'bell', kind .. ' ' .. tenant .. ' ' .. id .. ' ' .. number)
end
