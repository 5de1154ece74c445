-- Returns which run (start) of which server holds a key.
-- KEYS[1]  the key; it need not exist
-- returns  the run id
return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
