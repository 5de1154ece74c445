-- Removes connections of a user, if they are still the registered ones.
-- KEYS[1]  routes hash of the user's shard
-- ARGV[1]  user number
-- ARGV[2]  gateway id
-- ARGV[3]  connection number, or '' for all connections on that gateway
-- returns  number of connections removed
local kept = {}
local removed = 0
for _, route in ipairs(cjson.decode(redis.call('HGET', KEYS[1], ARGV[1]) or '[]')) do
  if route.g == ARGV[2] and (ARGV[3] == '' or route.c == tonumber(ARGV[3])) then
    removed = removed + 1
  else
    kept[#kept + 1] = route
  end
end
if removed > 0 then
  if #kept == 0 then
    redis.call('HDEL', KEYS[1], ARGV[1])
  else
    redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(kept))
  end
end
return removed
