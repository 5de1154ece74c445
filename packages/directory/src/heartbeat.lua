-- Records a gateway's heartbeat and returns the live gateways.
-- KEYS[1]  sorted set of gateways
-- ARGV[1]  gateway id
-- ARGV[2]  a gateway is dead after this many milliseconds without a heartbeat
-- returns  ids of the live gateways, including this one
local now = redis.call('TIME')
local nowMs = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
redis.call('ZADD', KEYS[1], nowMs, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs - 10 * tonumber(ARGV[2]))
return redis.call('ZRANGEBYSCORE', KEYS[1], nowMs - tonumber(ARGV[2]), '+inf')
