/** What a service may do with keys: read or write them. A script counts as both, unless run as read-only. */
export type RedisGrant = 'R' | 'W' | 'RW';
export const redisServices = ['gateway', 'auth', 'delivery', 'presence', 'files', 'push'] as const;
export type RedisService = (typeof redisServices)[number];
type Users = Partial<Record<RedisService, RedisGrant>>;

/** A kind of key in Redis: what it holds about people, until when, and which services can access it. */
export type RedisKeys = {
  readonly pattern: RegExp;
  readonly shows: string;
  readonly kept: string;
  readonly users: Users;
};

const NUMBERED = '\\d+';
const key = (text: string, shows: string, kept: string, users: Users): [string, RedisKeys] => {
  const source = text
    .replace(/[{}.]/g, '\\$&')
    .replace(/\bN\b/g, NUMBERED)
    .replace(/USER|PAIR/g, '[\\d.]+')
    .replace(/ADDRESS/g, '[0-9a-fA-F.:/]+')
    .replace(/ID|SERVICE|\*/g, '[^}]+');
  return [text, { pattern: new RegExp(`^[^{]*?:${source}$`, 'u'), shows, kept, users }];
};

const HANDLED = 'handled, which takes milliseconds, then trimmed';
const SEEN = 'trimmed by length, after the newest thousands';

const BY_GATEWAYS: Users = { gateway: 'RW' };
/** Auth reads it when an admin asks for the usage of a user's limits. */
const BY_GATEWAYS_FOR_ADMINS: Users = { gateway: 'RW', auth: 'R' };
const BY_AUTH: Users = { auth: 'RW' };
const BY_PRESENCE: Users = { presence: 'RW' };
const BY_PUSH: Users = { push: 'RW' };
const WITH_JOBS: Users = { auth: 'RW', delivery: 'RW', files: 'RW', push: 'RW' };

/** By key pattern after the deployment's prefix. Redis persists nothing to disk unless its operator configures that. */
export const redis: ReadonlyMap<string, RedisKeys> = new Map([
  key(
    '{d.N}:in',
    'messages and group operations as they were sent, with numbers of user and device',
    HANDLED,
    { gateway: 'RW', delivery: 'RW' },
  ),
  key('{r.N}:ack', 'cursors of devices, read marks', HANDLED, { gateway: 'RW', delivery: 'RW' }),
  key('{q.0}:sync', 'questions to delivery, blocks among them', SEEN, {
    gateway: 'RW',
    delivery: 'RW',
    auth: 'RW',
  }),
  key('{a.0}:req', 'logins (ids and public keys), key packages, questions to auth', SEEN, {
    gateway: 'RW',
    auth: 'RW',
  }),
  key(
    '{p.0}:presence',
    'status of devices, who watches whom, who writes where, signals of calls',
    'at most 6 seconds',
    { gateway: 'RW', presence: 'RW' },
  ),
  key('{w.0}:req', 'where devices are to be woken', SEEN, { gateway: 'RW', push: 'RW', auth: 'RW' }),
  key(
    '{push-webhooks}:*',
    'random ids of events that a backend is to be told',
    'told; the newest ten beyond that',
    BY_PUSH,
  ),
  key(
    '{push-wakes}:*',
    'numbers of subscriptions that are to be woken',
    'woken; the newest ten beyond that',
    BY_PUSH,
  ),
  key('{f.0}:req', 'offers of files and what is asked about them', SEEN, {
    gateway: 'RW',
    files: 'RW',
    auth: 'RW',
  }),
  key('{f.N}:chunk', 'chunks of ciphertext', HANDLED, { gateway: 'RW', files: 'RW' }),
  key('{g.ID}:bulk', 'chunks of ciphertext on their way to somebody', 'fetched, or 15 seconds', {
    gateway: 'RW',
    files: 'RW',
  }),
  key(
    '{g.ID}:out',
    'what gateways are to send: messages, receipts, status',
    'sent, or 15 seconds after the gateway ends',
    { gateway: 'RW', auth: 'W', delivery: 'W', presence: 'W', files: 'W', push: 'W' },
  ),
  key('{u.N}:routes', 'connections of each user', 'as long as the connections', {
    gateway: 'RW',
    delivery: 'RW',
    auth: 'R',
    presence: 'R',
    files: 'R',
  }),
  key('{u.N}:rate:USER', 'how many messages a user sent', 'a minute', BY_GATEWAYS_FOR_ADMINS),
  key('{u.N}:group-operations:USER', 'when a user changed groups', 'a minute', BY_GATEWAYS_FOR_ADMINS),
  key('{u.N}:group-commits:USER', 'when a user committed', 'a minute', BY_GATEWAYS_FOR_ADMINS),
  key('{u.N}:conversations:USER', 'when a user began conversations', 'a day', BY_GATEWAYS_FOR_ADMINS),
  key('{u.N}:files:USER', 'how busy a user’s transfers are', 'until they are even with the limit', {
    gateway: 'RW',
    files: 'RW',
  }),
  key('{u.N}:keyRequests:USER', 'when a user asked for keys', 'a minute', BY_AUTH),
  key('{u.N}:keysPerPair:PAIR', 'when a user took keys of another', 'an hour', BY_AUTH),
  key('{u.N}:keysPerTarget:USER', 'when a user’s keys were taken', 'an hour', BY_AUTH),
  key('{u.N}:keyUploads:USER', 'when a user uploaded keys', 'an hour', BY_AUTH),
  key('{u.N}:turnCredentials:USER', 'when a user asked for a relay', 'an hour', BY_AUTH),
  key('{global}:messages', 'how many messages all sent', 'a second', BY_GATEWAYS),
  key(
    '{ip.ADDRESS}:connections',
    'how many connections an address has',
    'as long as it has some; a day at most',
    BY_GATEWAYS,
  ),
  key('{s.N}:status', 'status of users and their devices', 'while they are not offline', BY_PRESENCE),
  key(
    '{s.N}:leases',
    'devices, and until when their status holds',
    '38 seconds after it was last said',
    BY_PRESENCE,
  ),
  key('{s.N}:changed', 'users whose status changed', 'told, which takes a second', BY_PRESENCE),
  key('{s.N}:last-seen', 'users who went offline', 'written to Postgres, which takes seconds', BY_PRESENCE),
  key(
    '{s.N}:p2p:USER:ID',
    'who calls whom, and which device answered',
    'a minute, or an hour once it was answered',
    BY_PRESENCE,
  ),
  key('{s.N}:watchers:USER', 'which gateways ask for a user’s status', '15 minutes', BY_PRESENCE),
  key('revoked', 'devices that are not served any more', '48 hours', { auth: 'RW', gateway: 'R' }),
  key('gateways', 'nothing of people', 'while the gateway lives', BY_GATEWAYS),
  key('{limits}:gateway', 'nothing of people: the limits that gateways have', 'three minutes', {
    gateway: 'RW',
    auth: 'R',
  }),
  key('{limits}:delivery', 'nothing of people: the limits that delivery has', 'three minutes', {
    delivery: 'RW',
    auth: 'R',
  }),
  key('{limits}:files', 'nothing of people: the limits that files has', 'three minutes', {
    files: 'RW',
    auth: 'R',
  }),
  key(
    '{jobs-SERVICE}:*',
    'nothing of people: when background work runs',
    'the newest hundred runs',
    WITH_JOBS,
  ),
]);
