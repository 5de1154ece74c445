-- Adds an answer to a gateway's list of bulk answers, unless too many are queued: the gateway asks again.
-- KEYS[1]  list
-- ARGV[1]  maximum answers
-- ARGV[2]  milliseconds until the list expires, because its gateway is gone
-- ARGV[3]  answer
-- returns  1 when it was added, otherwise 0
if redis.call('LLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('RPUSH', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
