-- Audit entries, newest first. KEYS: audit. ARGV: the sequence before which to read ('': the newest), most entries, most bytes.
local length = redis.call('LLEN', KEYS[1])
if length == 0 then
  return {}
end
local upto = length
if ARGV[1] ~= '' then
  local first = tonumber(string.match(redis.call('LINDEX', KEYS[1], 0), '^%d+'))
  upto = math.min(length, tonumber(ARGV[1]) - first)
end
local entries = {}
local bytes = 0
for index = upto - 1, math.max(0, upto - tonumber(ARGV[2])), -1 do
  if bytes > tonumber(ARGV[3]) then
    break
  end
  local entry = redis.call('LINDEX', KEYS[1], index)
  bytes = bytes + #entry
  entries[#entries + 1] = entry
end
return entries
