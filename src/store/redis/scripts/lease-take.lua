-- Takes or prolongs a lease. KEYS: lease. ARGV: holder, ms. Answers -1, or for how many ms another has it.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return math.max(0, redis.call('PTTL', KEYS[1]))
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return -1
