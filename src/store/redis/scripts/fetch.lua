-- One page of the registry's change log, oldest change first.
-- KEYS: registry, changes, entities. ARGV: an epoch to begin with, the place after which to read, most entries, most bytes.
-- Answers epoch, revision, floor, the data set's history, 1 where there is more; then member, place, JSON (nil: deleted) …
local head = redis.call('HMGET', KEYS[1], 'epoch', 'revision', 'floor')
if not head[1] then
  head = { ARGV[1], '0', '0' }
  redis.call('HSET', KEYS[1], 'epoch', head[1], 'revision', head[2], 'floor', head[3])
end

-- Servers that fell apart and were joined again may count alike and hold different things.
local info = redis.pcall('INFO', 'replication')
local history = type(info) == 'string' and string.match(info, 'master_replid:(%w+)') or ''

local log = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[2], '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
local more = #log / 2 >= tonumber(ARGV[3])
local answer = { head[1], head[2], head[3], history, 0 }
local bytes = 0
for index = 1, #log, 2 do
  if bytes > tonumber(ARGV[4]) then
    more = true
    break
  end
  local json = redis.call('HGET', KEYS[3], log[index])
  bytes = bytes + #log[index] + (json and #json or 0)
  answer[#answer + 1] = log[index]
  answer[#answer + 1] = log[index + 1]
  answer[#answer + 1] = json
end
answer[5] = more and 1 or 0
return answer
