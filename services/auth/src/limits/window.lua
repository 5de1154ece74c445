-- Takes several units of a sliding-window limit, or as many as are left.
-- KEYS[1]  sorted set, what was taken -> when, ms
-- ARGV[1]  limit
-- ARGV[2]  length of the window, ms
-- ARGV[3]  wanted
-- ARGV[4]  name of this taking; its units are called <name>.<number>, so that they can be returned
-- returns  {taken, milliseconds until one more is available (0 if anything was taken)}
local time = redis.call('TIME')
local nowMs = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', nowMs - tonumber(ARGV[2]))
local taken = math.min(tonumber(ARGV[3]), tonumber(ARGV[1]) - redis.call('ZCARD', KEYS[1]))
if taken <= 0 then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  -- with a limit of 0 there is no first one
  local since = first[2] and tonumber(first[2]) or nowMs
  return { 0, since + tonumber(ARGV[2]) - nowMs }
end
for i = 1, taken do redis.call('ZADD', KEYS[1], nowMs, ARGV[4] .. '.' .. i) end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { taken, 0 }
