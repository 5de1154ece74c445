-- Leases messages to a gateway: they are counted now and may be used for a while. So that the limit holds in every
-- window, a lease counts from when it is granted until one window after it can last be used. If all leases have the same
-- length, each is written to the bucket in which it is granted, and the length is added to the window; leases of different
-- lengths are each written to the bucket in which they end.
-- KEYS[1]  hash of counts, bucket number -> messages
-- ARGV[1]  limit
-- ARGV[2]  messages wanted; 0 only to return unused ones
-- ARGV[3]  milliseconds per bucket
-- ARGV[4]  buckets that count, the current one and those before it: (window + lease, or window) / bucket + 1
-- ARGV[5]  buckets from the current one to the one that is written to
-- ARGV[6]  bucket of an earlier lease
-- ARGV[7]  messages of that lease that were not used and no longer can be
-- returns  {granted, bucket it was written to, milliseconds until more can be granted (0 if anything was, or nothing was wanted)}
local limit = tonumber(ARGV[1])
local bucketMs = tonumber(ARGV[3])
local buckets = tonumber(ARGV[4])

local now = redis.call('TIME')
local nowMs = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local current = math.floor(nowMs / bucketMs)
local oldest = current - buckets + 1
local written = current + tonumber(ARGV[5])

if ARGV[7] ~= '0' and redis.call('HEXISTS', KEYS[1], ARGV[6]) == 1 then
  redis.call('HINCRBY', KEYS[1], ARGV[6], -tonumber(ARGV[7]))
end
if ARGV[2] == '0' then return { 0, written, 0 } end

local used = 0
local first = nil
local counts = redis.call('HGETALL', KEYS[1])
for i = 1, #counts, 2 do
  local bucket = tonumber(counts[i])
  if bucket < oldest then
    redis.call('HDEL', KEYS[1], counts[i])
  elseif tonumber(counts[i + 1]) > 0 then
    used = used + tonumber(counts[i + 1])
    if not first or bucket < first then first = bucket end
  end
end

local granted = math.min(tonumber(ARGV[2]), limit - used)
if granted <= 0 then
  return { 0, written, (first + buckets) * bucketMs - nowMs }
end
redis.call('HINCRBY', KEYS[1], written, granted)
-- other leases may end later than this one
redis.call('PEXPIRE', KEYS[1], math.max(redis.call('PTTL', KEYS[1]), (written - current + buckets + 1) * bucketMs))
return { granted, written, 0 }
