-- Counts the connections of one client address across all gateways.
-- KEYS[1]  hash of one address, gateway id -> its connections from there and when it reported them: <count>@<ms>
-- ARGV[1]  gateway id
-- ARGV[2]  connections this gateway would have with the new one
-- ARGV[3]  limit
-- ARGV[4]  JSON list of live gateway ids; counts of others are dropped, unless they are young
-- ARGV[5]  milliseconds for which a count is young: its gateway may be too new for the list
-- returns  1 when admitted (and counted), 0 when refused
local live = {}
for _, id in ipairs(cjson.decode(ARGV[4])) do live[id] = true end

local time = redis.call('TIME')
local nowMs = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

local elsewhere = 0
local counts = redis.call('HGETALL', KEYS[1])
for i = 1, #counts, 2 do
  local count, saidAtMs = string.match(counts[i + 1], '^(%d+)@(%d+)$')
  if not live[counts[i]] and nowMs - tonumber(saidAtMs) >= tonumber(ARGV[5]) then
    redis.call('HDEL', KEYS[1], counts[i])
  elseif counts[i] ~= ARGV[1] then
    elsewhere = elsewhere + tonumber(count)
  end
end
if elsewhere + tonumber(ARGV[2]) > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. '@' .. string.format('%d', nowMs))
redis.call('EXPIRE', KEYS[1], 86400)
return 1
