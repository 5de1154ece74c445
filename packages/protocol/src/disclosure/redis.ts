/** A kind of key in Redis: what it holds that comes from people, and until when. */
export type RedisKeys = { readonly pattern: RegExp; readonly shows: string; readonly kept: string };

const NUMBERED = '\\d+';
const key = (text: string, shows: string, kept: string): [string, RedisKeys] => {
  const source = text
    .replace(/[{}.]/g, '\\$&')
    .replace(/\bN\b/g, NUMBERED)
    .replace(/USER|PAIR/g, '[\\d.]+')
    .replace(/ADDRESS/g, '[0-9a-fA-F.:/]+')
    .replace(/ID|SERVICE|\*/g, '[^}]+');
  return [text, { pattern: new RegExp(`^[^{]*?:${source}$`, 'u'), shows, kept }];
};

const HANDLED = 'handled, which takes milliseconds, then trimmed';
const SEEN = 'trimmed by length, after the newest thousands';

/** By the key behind the prefix of the deployment. Redis keeps nothing on a disk unless its operator says so. */
export const redis: ReadonlyMap<string, RedisKeys> = new Map([
  key(
    '{d.N}:in',
    'messages and group operations as they were sent, with numbers of user and device',
    HANDLED,
  ),
  key('{r.N}:ack', 'cursors of devices, read marks', HANDLED),
  key('{q.0}:sync', 'questions to delivery, blocks among them', SEEN),
  key('{a.0}:req', 'logins (ids and public keys), key packages, questions to auth', SEEN),
  key(
    '{p.0}:presence',
    'status of devices, who watches whom, who writes where, signals of calls',
    'at most 6 seconds',
  ),
  key('{w.0}:req', 'where devices are to be woken', SEEN),
  key('{push-wakes}:*', 'numbers of subscriptions that are to be woken', 'woken; the newest ten beyond that'),
  key('{f.0}:req', 'offers of files and what is asked about them', SEEN),
  key('{f.N}:chunk', 'chunks of ciphertext', HANDLED),
  key('{g.ID}:bulk', 'chunks of ciphertext on their way to somebody', 'fetched, or 15 seconds'),
  key(
    '{g.ID}:out',
    'what gateways are to send: messages, receipts, status',
    'sent, or 15 seconds after the gateway ends',
  ),
  key('{u.N}:routes', 'connections of each user', 'as long as the connections'),
  key('{u.N}:rate:USER', 'how many messages a user sent', 'a minute'),
  key('{u.N}:group-operations:USER', 'when a user changed groups', 'a minute'),
  key('{u.N}:group-commits:USER', 'when a user committed', 'a minute'),
  key('{u.N}:files:USER', 'how busy a user’s transfers are', 'until they are even with the limit'),
  key('{u.N}:keyRequests:USER', 'when a user asked for keys', 'a minute'),
  key('{u.N}:keysPerPair:PAIR', 'when a user took keys of another', 'an hour'),
  key('{u.N}:keysPerTarget:USER', 'when a user’s keys were taken', 'an hour'),
  key('{u.N}:keyUploads:USER', 'when a user uploaded keys', 'an hour'),
  key('{u.N}:turnCredentials:USER', 'when a user asked for a relay', 'an hour'),
  key('{global}:messages', 'how many messages all sent', 'a second'),
  key(
    '{ip.ADDRESS}:connections',
    'how many connections an address has',
    'as long as it has some; a day at most',
  ),
  key('{s.N}:status', 'status of users and their devices', 'while they are not offline'),
  key('{s.N}:leases', 'devices, and until when their status holds', '38 seconds after it was last said'),
  key('{s.N}:changed', 'users whose status changed', 'told, which takes a second'),
  key('{s.N}:last-seen', 'users who went offline', 'written to Postgres, which takes seconds'),
  key(
    '{s.N}:p2p:USER:ID',
    'who calls whom, and which device answered',
    'a minute, or an hour once it was answered',
  ),
  key('{s.N}:watchers:USER', 'which gateways ask for a user’s status', '15 minutes'),
  key('revoked', 'devices that are not served any more', '48 hours'),
  key('gateways', 'nothing of people', 'while the gateway lives'),
  key('{jobs-SERVICE}:*', 'nothing of people: when background work runs', 'the newest hundred runs'),
]);
