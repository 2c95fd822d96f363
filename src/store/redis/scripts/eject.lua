-- Puts a connection out; of two outages the one that ends later stands.
-- KEYS: outages. ARGV: connection, remaining ms, JSON, channel. Answers remaining ms, sequence, JSON of the one that stands.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HGET', KEYS[1], ARGV[1])
local remaining, sequence, json = -1, nil, nil
if known then
  local till
  till, sequence, json = string.match(known, '^(%d+) (%d+) (.*)$')
  remaining = till and math.max(0, till - now) or -1
end
if tonumber(ARGV[2]) > remaining then
  remaining, json = tonumber(ARGV[2]), ARGV[3]
  -- By the clock, so that sequences grow even where a server has lost its data. The field without a name has the last
  -- of them and the first.
  local last, first = string.match(redis.call('HGET', KEYS[1], '') or '', '^(%d+) (%d+)$')
  sequence = string.format('%.0f', math.max((tonumber(last) or 0) + 1, now))
  local till = string.format('%.0f', now + remaining)
  redis.call('HSET', KEYS[1], '', sequence .. ' ' .. (first or sequence), ARGV[1], till .. ' ' .. sequence .. ' ' .. json)
end
local left = string.format('%.0f', remaining)
redis.call('PUBLISH', ARGV[4], cjson.encode({ ARGV[1], sequence, left, json }))
return { left, sequence, json }
