-- Some of the outages. KEYS: outages. ARGV: cursor, about how many, how long they are kept after their cooldown, ms.
-- Answers the next cursor; then connection, remaining ms, sequence, JSON …
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local answer = { page[1] }
for index = 1, #page[2], 2 do
  local connection = page[2][index]
  if connection ~= '' then
    local till, sequence, json = string.match(page[2][index + 1], '^(%d+) (%d+) (.*)$')
    if not till or now - till > tonumber(ARGV[3]) then
      redis.call('HDEL', KEYS[1], connection)
    else
      answer[#answer + 1] = connection
      answer[#answer + 1] = string.format('%.0f', math.max(0, till - now))
      answer[#answer + 1] = sequence
      answer[#answer + 1] = json
    end
  end
end
return answer
