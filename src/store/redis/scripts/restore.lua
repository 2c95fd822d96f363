-- Ends an outage unless a later one has been told. KEYS: outages. ARGV: connection, sequence, channel. Answers 1 if it is back.
local known = redis.call('HGET', KEYS[1], ARGV[1])
if not known then
  return 1
end
local sequence = string.match(known, '^%d+ (%d+) ')
if sequence and tonumber(sequence) > tonumber(ARGV[2]) then
  return 0
end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('PUBLISH', ARGV[3], cjson.encode({ ARGV[1], sequence or ARGV[2] }))
return 1
