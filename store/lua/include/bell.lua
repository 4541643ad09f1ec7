-- bell: tell every replica that something changed. The signal has no content: receivers read the state.
-- A call's signals are sent as one message at its end (`register` in library.py). Receivers subscribe at the server
-- that keeps
-- the shard, because a plain PUBLISH would go to every node of a cluster. `word`: a word, or a whole number below 1e14.
local function bell(kind, tenant, id, word)
  local bells = memo.bells
  local line = kind .. ' ' .. tenant .. ' ' .. id .. ' ' .. word
  if bells then
    bells[#bells + 1] = line
  else
    memo.bells = { line }
  end
end
