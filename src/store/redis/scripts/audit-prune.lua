-- Lets go of the oldest audit entries, never of the newest. KEYS: audit. ARGV: before when, most entries.
local pruned = 0
while pruned < tonumber(ARGV[2]) and redis.call('LLEN', KEYS[1]) > 1 do
  local at = string.match(redis.call('LINDEX', KEYS[1], 0), '^%d+ (%d+) ')
  if tonumber(at) >= tonumber(ARGV[1]) then
    break
  end
  redis.call('LPOP', KEYS[1])
  pruned = pruned + 1
end
return pruned
