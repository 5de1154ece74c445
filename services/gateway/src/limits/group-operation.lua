-- Counts one operation of a user, exactly: the times of the latest ones are kept.
-- KEYS[1]  list of one user's operations, milliseconds, oldest first
-- ARGV[1]  limit
-- ARGV[2]  window in milliseconds
-- returns  0 when allowed (and counted), otherwise the milliseconds until the next one is
local now = redis.call('TIME')
local nowMs = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)

-- The operation that must leave the window before another is allowed; it counts through the window's last millisecond.
local oldest = redis.call('LINDEX', KEYS[1], -tonumber(ARGV[1]))
if oldest then
  local waitMs = tonumber(oldest) + tonumber(ARGV[2]) + 1 - nowMs
  if waitMs > 0 then return waitMs end
end
redis.call('RPUSH', KEYS[1], string.format('%d', nowMs))
redis.call('LTRIM', KEYS[1], -tonumber(ARGV[1]), -1)
redis.call('PEXPIRE', KEYS[1], tonumber(ARGV[2]) + 1)
return 0
