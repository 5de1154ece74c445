-- Adds an entry unless the stream is full. A full stream refuses entries at the door, because trimming it by length would
-- delete entries that nobody has read.
-- KEYS[1]  stream
-- ARGV[1]  maximum entries
-- ARGV[2]  field
-- ARGV[3]  value
-- returns  the entry's id, or false when the stream is full
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return false end
return redis.call('XADD', KEYS[1], '*', ARGV[2], ARGV[3])
