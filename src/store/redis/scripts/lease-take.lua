-- Takes or prolongs a lease. KEYS: lease. ARGV: holder, ms. Answers -1, or for how many ms another has it.
local holder = redis.pcall('GET', KEYS[1])
if type(holder) == 'string' and holder ~= ARGV[1] then
  local left = redis.call('PTTL', KEYS[1])
  -- What never ends is no lease of ours, as little as what is no string.
  if left >= 0 then
    return left
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return -1
