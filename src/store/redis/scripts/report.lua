-- Keeps the newest evidence of each name. KEYS: evidence. ARGV: name, age in ms, JSON …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for index = 1, #ARGV, 3 do
  local at = now - ARGV[index + 1]
  local known = redis.call('HGET', KEYS[1], ARGV[index])
  if not known or at >= tonumber(string.match(known, '^%-?%d+') or '-inf') then
    redis.call('HSET', KEYS[1], ARGV[index], string.format('%.0f', at) .. ' ' .. ARGV[index + 2])
  end
end
return redis.status_reply('OK')
