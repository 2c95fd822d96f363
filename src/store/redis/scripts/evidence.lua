-- Some of the evidence. KEYS: evidence. ARGV: cursor, about how much, how long it is kept, ms.
-- Answers the next cursor; then name, age in ms, JSON …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local answer = { page[1] }
for index = 1, #page[2], 2 do
  local at, json = string.match(page[2][index + 1], '^(%-?%d+) (.*)$')
  if not at or now - at > tonumber(ARGV[3]) then
    redis.call('HDEL', KEYS[1], page[2][index])
  else
    if tonumber(at) > now then
      -- The clock was set back: as of now, or it would be news until the clock has caught up.
      at = now
      redis.call('HSET', KEYS[1], page[2][index], string.format('%.0f', at) .. ' ' .. json)
    end
    answer[#answer + 1] = page[2][index]
    answer[#answer + 1] = string.format('%.0f', math.max(0, now - at))
    answer[#answer + 1] = json
  end
end
return answer
