-- Writes a batch, all of it or nothing.
-- KEYS: registry, entities, changes, deleted, audit.
-- ARGV: an epoch to begin with, the expected epoch ('': any) and revision, the channel, how many deleted entities are
-- remembered, the numbers of puts, deletes and audit entries; then member, JSON …; member …; sequence, entry …
-- Answers epoch and revision; nothing where there is a conflict.
local PLACES = 1048576
local epoch, revision = unpack(redis.call('HMGET', KEYS[1], 'epoch', 'revision'))
if ARGV[2] ~= '' and (ARGV[2] ~= epoch or ARGV[3] ~= revision) then
  return {}
end
local puts, deletes, entries = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local firstDelete = 9 + 2 * puts
local firstEntry = firstDelete + deletes

local last = redis.call('LINDEX', KEYS[5], -1)
local sequence = last and tonumber(string.match(last, '^%d+')) or 0
for entry = 1, entries do
  if tonumber(ARGV[firstEntry + 2 * (entry - 1)]) ~= sequence + entry then
    return {}
  end
end

if not epoch then
  epoch, revision = ARGV[1], '0'
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'revision', revision, 'floor', '0')
end
for entry = 1, entries do
  redis.call('RPUSH', KEYS[5], ARGV[firstEntry + 2 * entry - 1])
end
if puts + deletes == 0 then
  return { epoch, revision }
end

-- A change's place in the log: its revision, and its turn within it.
local place = (tonumber(revision) + 1) * PLACES
local function log(member)
  place = place + 1
  redis.call('ZADD', KEYS[3], string.format('%.0f', place), member)
end
for put = 1, puts do
  local member = ARGV[7 + 2 * put]
  redis.call('HSET', KEYS[2], member, ARGV[8 + 2 * put])
  redis.call('ZREM', KEYS[4], member)
  log(member)
end
for delete = 1, deletes do
  local member = ARGV[firstDelete + delete - 1]
  if redis.call('HDEL', KEYS[2], member) == 1 then
    log(member)
    redis.call('ZADD', KEYS[4], string.format('%.0f', place), member)
  end
end

local excess = redis.call('ZCARD', KEYS[4]) - tonumber(ARGV[5])
if excess > 0 then
  local forgotten = redis.call('ZRANGE', KEYS[4], 0, excess - 1, 'WITHSCORES')
  for index = 1, #forgotten, 2 do
    redis.call('ZREM', KEYS[3], forgotten[index])
  end
  redis.call('ZREMRANGEBYRANK', KEYS[4], 0, excess - 1)
  redis.call('HSET', KEYS[1], 'floor', string.format('%.0f', math.floor(forgotten[#forgotten] / PLACES)))
end

revision = string.format('%.0f', tonumber(revision) + 1)
redis.call('HSET', KEYS[1], 'revision', revision)
redis.call('PUBLISH', ARGV[4], epoch .. ' ' .. revision)
return { epoch, revision }
