-- Gives back leased messages that were not used and can no longer be.
-- KEYS[1]  hash of one user's counts, bucket number -> messages
-- ARGV[1]  bucket of the lease
-- ARGV[2]  messages to give back
-- returns  1 when the bucket still counted, 0 when it was gone
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], ARGV[1], -tonumber(ARGV[2]))
return 1
