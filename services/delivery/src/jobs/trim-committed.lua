-- Removes a committed entry and all before it, but only while that very entry exists: a Redis that came back empty, or
-- another one whose clock is behind, may hold unread entries under lower ids.
-- KEYS[1]  stream
-- ARGV[1]  id of the entry
-- ARGV[2]  the next possible id after it
-- returns  number of entries removed
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
