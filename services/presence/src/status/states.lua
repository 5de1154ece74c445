-- Returns the current statuses of users.
-- KEYS[1]  hash, user who is not offline -> JSON, see report.lua
-- ARGV     users
-- returns  {now by this Redis, ms, status of the first user, of the second …}
local time = redis.call('TIME')
local states = { tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000) }
for i, user in ipairs(ARGV) do
  local known = redis.call('HGET', KEYS[1], user)
  states[i + 1] = known and cjson.decode(known).p or 'offline'
end
return states
