-- Records what devices report about themselves, after dropping those whose lease has ended.
-- KEYS[1]  hash, user who is not offline -> JSON {p status, d list of devices that are not offline, each
--          {d device, g gateway, c connection, s since when that connection is registered, p status}}
-- KEYS[2]  sorted set, <user>:<device> -> when its lease ends, ms
-- KEYS[3]  sorted set, user whose status has changed -> since when that waits to be sent, ms
-- KEYS[4]  sorted set, user who went offline -> when, ms; until that is in Postgres
-- ARGV[1]  gateway of these devices
-- ARGV[2]  lease, ms
-- ARGV[3]  ms within which a device whose connection ended may come back
-- ARGV[4]  maximum leases checked
-- ARGV[5]  JSON list of {user, device, connection, since, status}; without a status the connection is gone
-- returns  {number of leases that had ended, 1 when there may be more of them}
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)

-- What the user chose on one device holds for all of them; otherwise the most present device wins.
local rank = { busy = 3, online = 2, away = 1 }

local function statusOf(devices)
  local best = 'offline'
  for _, device in ipairs(devices) do
    if (rank[device.p] or 0) > (rank[best] or 0) then best = device.p end
  end
  return best
end

local function read(user)
  return cjson.decode(redis.call('HGET', KEYS[1], user) or '{"d":[],"p":"offline"}')
end

local function without(devices, number)
  local others = {}
  local found = nil
  for _, device in ipairs(devices) do
    if device.d == number then found = device else others[#others + 1] = device end
  end
  return others, found
end

local function write(user, before, devices)
  local after = statusOf(devices)
  if #devices == 0 then
    redis.call('HDEL', KEYS[1], user)
  else
    redis.call('HSET', KEYS[1], user, cjson.encode({ p = after, d = devices }))
  end
  if after == before then return end
  redis.call('ZADD', KEYS[3], 'NX', now, user)
  if after == 'offline' then redis.call('ZADD', KEYS[4], now, user) end
end

local ended = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'LIMIT', 0, ARGV[4])
for _, lease in ipairs(ended) do
  redis.call('ZREM', KEYS[2], lease)
  local user, device = string.match(lease, '^(%d+):(%d+)$')
  local known = read(user)
  local others = without(known.d, tonumber(device))
  write(user, known.p, others)
end

for _, report in ipairs(cjson.decode(ARGV[5])) do
  local user = string.format('%.0f', report.user)
  local lease = user .. ':' .. string.format('%.0f', report.device)
  local before = read(user)
  local others, known = without(before.d, report.device)
  if not report.status then
    local isTheirs = known and known.g == ARGV[1] and known.c == report.connection
    if isTheirs then redis.call('ZADD', KEYS[2], 'LT', now + tonumber(ARGV[3]), lease) end
  elseif not (known and known.s > report.since) then
    -- Times have equally many digits, so they compare as text.
    if report.status == 'offline' then
      redis.call('ZREM', KEYS[2], lease)
    else
      redis.call('ZADD', KEYS[2], now + tonumber(ARGV[2]), lease)
      others[#others + 1] =
        { d = report.device, g = ARGV[1], c = report.connection, s = report.since, p = report.status }
    end
    write(user, before.p, others)
  end
end
return { #ended, #ended == tonumber(ARGV[4]) and 1 or 0 }
