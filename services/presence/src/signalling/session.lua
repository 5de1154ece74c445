-- State of a direct connection being set up: who offered it, and which device has answered.
-- KEYS[1]  hash of one session: o offering device, c called user, a answering device once there is one
-- ARGV[1]  p2p_offer, p2p_answer, p2p_candidate or p2p_bye
-- ARGV[2]  sending device
-- ARGV[3]  its user
-- ARGV[4]  called user, for the first offer
-- ARGV[5]  ms for which an unanswered offer is valid
-- ARGV[6]  ms for which an answered session survives without messages
-- returns  {'pass', other device, '' while there is none} or {'refuse'}
local offered, called, answered = unpack(redis.call('HMGET', KEYS[1], 'o', 'c', 'a'))
local kind, device, user = ARGV[1], ARGV[2], ARGV[3]

if not offered then
  if kind ~= 'p2p_offer' then return { 'refuse' } end
  redis.call('HSET', KEYS[1], 'o', device, 'c', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[5])
  return { 'pass', '' }
end

local isOfferer = device == offered
local isAnswerer = answered and device == answered
if kind == 'p2p_answer' then
  -- the first answer wins, and may be repeated
  if user ~= called or (answered and not isAnswerer) then return { 'refuse' } end
  redis.call('HSET', KEYS[1], 'a', device)
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
  return { 'pass', offered }
end
if kind == 'p2p_bye' then
  local mayRefuse = not answered and user == called
  if not (isOfferer or isAnswerer or mayRefuse) then return { 'refuse' } end
  redis.call('DEL', KEYS[1])
  return { 'pass', isOfferer and (answered or '') or offered }
end
if not answered then
  -- an unanswered offer may be repeated; nobody has agreed yet to reveal their address
  if kind == 'p2p_offer' and isOfferer then return { 'pass', '' } end
  return { 'refuse' }
end
if not (isOfferer or isAnswerer) then return { 'refuse' } end
redis.call('PEXPIRE', KEYS[1], ARGV[6])
return { 'pass', isOfferer and answered or offered }
