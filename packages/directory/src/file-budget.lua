-- Takes bytes from a user's file budget, or says when they may be taken. Every grant moves the time at which the user is
-- even again; that may lie ahead by the burst plus what the caller is willing to wait.
-- KEYS[1]  time at which the user is even, milliseconds
-- ARGV[1]  bytes
-- ARGV[2]  bytes per millisecond, in the long run
-- ARGV[3]  burst, as milliseconds at that rate
-- ARGV[4]  longest wait, milliseconds
-- returns  {1 or 0, milliseconds}: 1: taken, to be used after this wait; 0: not taken, ask again after this
local now = redis.call('TIME')
local nowMs = tonumber(now[1]) * 1000 + tonumber(now[2]) / 1000
local even = math.max(nowMs, tonumber(redis.call('GET', KEYS[1]) or '0'))
local after = even + tonumber(ARGV[1]) / tonumber(ARGV[2])
local waitMs = math.max(0, math.ceil(after - tonumber(ARGV[3]) - nowMs))
if waitMs > tonumber(ARGV[4]) then return { 0, waitMs - tonumber(ARGV[4]) } end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - nowMs) + 1000)
return { 1, waitMs }
