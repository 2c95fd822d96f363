-- The sequence of the first outage of all. KEYS: outages. Answers nothing where none has been told.
return string.match(redis.call('HGET', KEYS[1], '') or '', '^%d+ (%d+)$')
