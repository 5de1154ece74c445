-- Leases messages to a gateway: they are counted now and may be used for the next bucket's length of time.
-- A message counted at time g is used until g + 5 s at the latest. So that no 60 s hold more than the limit, all
-- that was counted in the last 65 s counts: the current bucket of 5 s and the 13 before it.
-- KEYS[1]  hash of one user's counts, bucket number -> messages
-- ARGV[1]  limit
-- ARGV[2]  messages wanted
-- returns  {granted, bucket, milliseconds until more can be granted (0 if anything was)}
local BUCKET_MS = 5000
local BUCKETS = 14

local now = redis.call('TIME')
local nowMs = tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
local current = math.floor(nowMs / BUCKET_MS)
local oldest = current - BUCKETS + 1

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

local granted = math.min(tonumber(ARGV[2]), tonumber(ARGV[1]) - used)
if granted <= 0 then
  return { 0, current, (first + BUCKETS) * BUCKET_MS - nowMs }
end
redis.call('HINCRBY', KEYS[1], current, granted)
redis.call('PEXPIRE', KEYS[1], (BUCKETS + 1) * BUCKET_MS)
return { granted, current, 0 }
