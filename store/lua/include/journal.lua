-- journal: what happened, for audit and reports. `fields` is {field, value, ...}: ids, numbers and words of ours only.
local JOURNAL_LENGTH = 1000000

local function journal(root, tenant, now, event, fields)
  redis.call('XADD', root .. 'journal:' .. tenant, 'MAXLEN', '~', JOURNAL_LENGTH, '*',
    'e', event, 'at', now, unpack(fields or {}))
end
