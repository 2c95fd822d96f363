-- Keeps the newest evidence of each name; what is from later than now was told before the clock was set back. KEYS: evidence. ARGV: name, age in ms, JSON …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index = 1, #ARGV, 3 do
  local at = now - ARGV[index + 1]
  local known = redis.call('HGET', KEYS[1], ARGV[index])
  local last = known and tonumber(string.match(known, '^%-?%d+'))
  if not last or at >= last or last > now then
    redis.call('HSET', KEYS[1], ARGV[index], string.format('%.0f', at) .. ' ' .. ARGV[index + 2])
  end
end
return redis.status_reply('OK')
