-- Writes changes to the set of devices that are no longer served.
-- KEYS[1]  sorted set: device number -> when it was written, µs, all distinct; with "-" before the number the device
--          is served again. At score 0 is the generation: <run id of this Redis>:<nonce>
-- ARGV[1]  nonce of a new generation, if the set has none of this run of Redis; empty while it is not complete yet
-- ARGV[2]  microseconds for which an entry is kept
-- ARGV[3]  JSON list of changed devices: 17 is no longer served, -17 is served again
-- returns  1 when the set is complete, 0 when the caller must publish everything
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local generation = redis.call('ZRANGEBYSCORE', KEYS[1], 0, 0)[1]
if generation and string.sub(generation, 1, #run) ~= run then
  -- of a Redis that has restarted since, and may lack the last writes
  redis.call('DEL', KEYS[1])
  generation = nil
end

local time = redis.call('TIME')
local nowUs = tonumber(time[1]) * 1000000 + tonumber(time[2])
local newest = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
local score = math.max(nowUs, tonumber(newest[2] or 0) + 1)

for _, change in ipairs(cjson.decode(ARGV[3])) do
  local device = string.format('%.0f', math.abs(change))
  local now, before = device, '-' .. device
  if change < 0 then now, before = before, now end
  if not redis.call('ZSCORE', KEYS[1], now) then
    redis.call('ZREM', KEYS[1], before)
    redis.call('ZADD', KEYS[1], string.format('%.0f', score), now)
    score = score + 1
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(0', string.format('%.0f', nowUs - tonumber(ARGV[2])))

if not generation and ARGV[1] ~= '' then
  generation = run .. ':' .. ARGV[1]
  redis.call('ZADD', KEYS[1], 0, generation)
end
return generation and 1 or 0
