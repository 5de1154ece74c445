// The services' users may do in Redis exactly what is declared.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openTestRedis, type TestRedis } from '@securechat/testkit';
import {
  globOf,
  type RedisGrant,
  type RedisService,
  redis,
  redisServices,
} from '../packages/protocol/src/disclosure/index.ts';
import { addRedisUsers, redisUrlAs } from '../tests/support/redis-users.ts';

let store: TestRedis;
const connections = new Map<RedisService, TestRedis['redis']>();
const loginOf = (service: RedisService) => {
  const { username, password } = new URL(redisUrlAs(store.url, store.prefix, service));
  return { username, password };
};
const as = (service: RedisService) => connections.get(service)!;

beforeAll(async () => {
  store = await openTestRedis();
  expect(await addRedisUsers(store)).toBe(true);
  for (const service of redisServices) connections.set(service, store.redis.duplicate(loginOf(service)));
});
afterAll(async () => {
  for (const connection of connections.values()) connection.disconnect();
  await store?.redis.call('ACL', [
    'DELUSER',
    ...redisServices.map((service) => `${store.prefix}-${service}`),
  ]);
  await store?.close();
});

/** A key of each kind, with the service's grant; for kinds that exist per service, also the others' keys. */
function keysFor(service: RedisService): { key: string; grant: RedisGrant | undefined }[] {
  return [...redis].flatMap(([text, { users }]) =>
    (text.includes('SERVICE') ? redisServices : [service]).map((owner) => ({
      key: `${store.prefix}:${globOf(text, owner).replaceAll('*', '1')}`,
      grant: owner === service ? users[service] : undefined,
    })),
  );
}

const outcomeOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'done',
    (error: Error) => error.message.split(' ')[0] ?? '',
  );
/** Whoever has any right on a key may ask whether it exists and how long it is. */
const LOOKS = ['EXISTS', 'TYPE', 'XLEN'];
const READS = ['GET', 'HGETALL', 'XRANGE'];
const WRITES = ['DEL', 'XADD', 'XTRIM', 'PEXPIRE', 'LPUSH'];
const REST: Record<string, string[]> = {
  XRANGE: ['-', '+'],
  XADD: ['*', 'f', 'v'],
  XTRIM: ['MAXLEN', '0'],
  PEXPIRE: ['1'],
  LPUSH: ['v'],
};
/** The replies of a permitted command, including one to a key of the wrong type. */
const MAY = ['done', 'WRONGTYPE'];

test.each(redisServices)(
  'the user of %s may read and write the keys that are declared, and no other',
  async (service) => {
    for (const { key, grant = '' } of keysFor(service)) {
      for (const command of [...LOOKS, ...READS, ...WRITES]) {
        const needed = LOOKS.includes(command) ? '' : WRITES.includes(command) ? 'W' : 'R';
        const isGranted = grant !== '' && grant.includes(needed);
        const outcome = await outcomeOf(as(service).call(command, [key, ...(REST[command] ?? [])]));
        expect({ command, key, may: MAY.includes(outcome), outcome }).toMatchObject({
          may: isGranted,
          ...(!isGranted && { outcome: 'NOPERM' }),
        });
      }
    }
  },
);

test.each(redisServices)(
  'not even by a script, nor beyond the prefix of the deployment, does %s get further',
  async (service) => {
    const script = `return redis.call('SET', '${store.prefix}:elsewhere', '1')`;
    expect(await outcomeOf(as(service).eval(script, 0))).not.toBe('done');
    expect(await store.redis.exists(`${store.prefix}:elsewhere`)).toBe(0);
    for (const key of ['other:{d.0}:in', `${store.prefix}:subjects`, 'revoked', `x${store.prefix}:revoked`])
      expect(await outcomeOf(as(service).exists(key))).toBe('NOPERM');
  },
);

const OF_OPERATORS = [
  ...[
    'FLUSHALL',
    'FLUSHDB',
    'KEYS *',
    'SCAN 0',
    'RANDOMKEY',
    'DBSIZE',
    'MONITOR',
    'SHUTDOWN NOSAVE',
    'SAVE',
    'BGSAVE',
  ],
  ...[
    'CONFIG GET *',
    'CONFIG SET save x',
    'ACL WHOAMI',
    'ACL LIST',
    'ACL SETUSER me on',
    'CLIENT LIST',
    'CLIENT KILL ID 1',
  ],
  ...[
    'CLIENT PAUSE 1000',
    'CLIENT TRACKING on BCAST',

    'SCRIPT FLUSH',
    'SCRIPT KILL',
    'FUNCTION LIST',
  ],
  ...[
    'FUNCTION FLUSH',
    'REPLICAOF NO ONE',
    'CLUSTER RESET',
    'CLUSTER NODES',
    'SLOWLOG GET',
    'LATENCY RESET',
    'MODULE LIST',
  ],
  ...[
    'SUBSCRIBE all',
    'PUBLISH all x',
    'SWAPDB 0 1',
    'MEMORY STATS',
    'COMMAND LIST',
    'LASTSAVE',
    'FAILOVER',
    'WAIT 0 1',
  ],
];

test.each(redisServices)('whatever an operator does is refused to %s', async (service) => {
  const outcomes = await Promise.all(
    OF_OPERATORS.map(async (line) => {
      const [command = '', ...args] = line.split(' ');
      return [line, await outcomeOf(as(service).call(command, args))];
    }),
  );
  expect(outcomes).toEqual(OF_OPERATORS.map((line) => [line, 'NOPERM']));
});

test.each([
  ['delivery', 'writes that a revoked device is served', 'ZADD', 'revoked', ['1', '-17']],
  ['gateway', 'writes it as well', 'ZREM', 'revoked', ['17']],
  ['gateway', 'empties it', 'DEL', 'revoked', []],
  ['push', 'reads messages on their way in', 'XRANGE', '{d.0}:in', ['-', '+']],
  ['files', 'puts a message in as a gateway would', 'XADD', '{d.0}:in', ['*', 'e', 'x']],
  ['presence', 'reads what a gateway is to send', 'XRANGE', '{g.gateway-1}:out', ['-', '+']],
  ['delivery', 'sees how people are', 'HGETALL', '{s.0}:status', []],
  ['presence', 'says where somebody is connected', 'HSET', '{u.0}:routes', ['1', '[]']],
  ['auth', 'plans the work of delivery', 'LPUSH', '{jobs-delivery}:delivery:wait', ['1']],
] as const)('%s: refused that it %s', async (service, _what, command, key, args) => {
  const outcome = await outcomeOf(as(service).call(command, [`${store.prefix}:${key}`, ...args]));
  expect(outcome).toBe('NOPERM');
});
