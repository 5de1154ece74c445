-- Reads what was written to the set of devices that are no longer served.
-- KEYS[1]  sorted set, see publish-revocations.lua
-- ARGV[1]  known generation, or empty
-- ARGV[2]  score of the last known entry of it
-- ARGV[3]  maximum entries
-- returns  {generation, entry, score, entry, score …}, from the first entry on when the generation is another one;
--          empty when the set is missing or from an earlier run of Redis
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local generation = redis.call('ZRANGEBYSCORE', KEYS[1], 0, 0)[1]
if not generation or string.sub(generation, 1, #run) ~= run then return {} end

local known = generation == ARGV[1] and ARGV[2] or '0'
local entries = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. known, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[3])
return { generation, unpack(entries) }
