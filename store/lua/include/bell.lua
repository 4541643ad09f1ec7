-- bell: tell every replica that something changed. It carries no content: whoever hears it looks for himself.
-- A call's bells go out as one message when it has ended (`register` in library.py); they are heard from the server that keeps
-- the shard, for a plain PUBLISH would go to every node of a cluster. `word`: a word, or a whole number below 1e14.
local function bell(kind, tenant, id, word)
  local bells = memo.bells
  local line = kind .. ' ' .. tenant .. ' ' .. id .. ' ' .. word
  if bells then
    bells[#bells + 1] = line
  else
    memo.bells = { line }
  end
end
