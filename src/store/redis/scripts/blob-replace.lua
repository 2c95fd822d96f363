-- Puts a blob in the place of exactly another. KEYS: blobs. ARGV: name, the one that is there, the next. Answers 1 if done.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
