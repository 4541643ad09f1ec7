-- bell: tell every replica that something changed. It carries no content: whoever hears it looks for himself.
local function bell(root, kind, tenant, id, number)
  if type(number) == 'number' then
    number = string.format('%.0f', number)
  end
  redis.call('PUBLISH', root .. 'bell', kind .. ' ' .. tenant .. ' ' .. id .. ' ' .. number)
end
