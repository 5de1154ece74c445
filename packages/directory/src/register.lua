-- Registers a connection of a device; a device's newest connection replaces the older one.
-- KEYS[1]  routes hash of the user's shard
-- ARGV[1]  user number
-- ARGV[2]  device number
-- ARGV[3]  gateway id
-- ARGV[4]  connection number
-- ARGV[5]  time of the first registration in microseconds, or '' for a new connection
-- ARGV[6]  maximum connections per user
-- ARGV[7]  JSON list of live gateway ids; entries of others are dropped, unless they are young
-- ARGV[8]  milliseconds for which an entry is young: its gateway may be too new for the list
-- returns  {'registered', since, gateway or '', connection or ''}: the latter two name the replaced connection
--          {'outdated'}: a newer connection of this device is registered
--          {'limit'}: the user has the maximum number of connections already
local live = {}
for _, id in ipairs(cjson.decode(ARGV[7])) do live[id] = true end

local time = redis.call('TIME')
local now = time[1] .. string.rep('0', 6 - #time[2]) .. time[2]
local since = ARGV[5] == '' and now or ARGV[5]

local function isAlive(route)
  return live[route.g] or tonumber(now) - tonumber(route.t) < tonumber(ARGV[8]) * 1000
end

local kept = {}
local replaced = nil
for _, route in ipairs(cjson.decode(redis.call('HGET', KEYS[1], ARGV[1]) or '[]')) do
  if route.d == tonumber(ARGV[2]) then
    -- Times have equally many digits, so they compare as text; as numbers they would lose their last digits.
    if route.s > since and isAlive(route) then return { 'outdated' } end
    if route.g ~= ARGV[3] or route.c ~= tonumber(ARGV[4]) then replaced = route end
  elseif isAlive(route) then
    kept[#kept + 1] = route
  end
end
if #kept >= tonumber(ARGV[6]) then return { 'limit' } end

kept[#kept + 1] = { d = tonumber(ARGV[2]), g = ARGV[3], c = tonumber(ARGV[4]), s = since, t = now }
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(kept))
if replaced and isAlive(replaced) then
  return { 'registered', since, replaced.g, tostring(replaced.c) }
end
return { 'registered', since, '', '' }
