-- Removes an entry that is dealt with, and what lies before it. Only while that very entry is there: a Redis that came back empty, or
-- another one whose clock is behind, may have entries under lower ids that nobody has read.
-- KEYS[1]  stream
-- ARGV[1]  id of the entry
-- ARGV[2]  the first id behind it
-- returns  number of entries that went
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[2])
