import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDirectory } from '@securechat/directory';
import {
  createLogger,
  createMetrics,
  createReadyChecks,
  encodeRequest,
  openPool,
  type Service,
  systemClock,
} from '@securechat/kernel';
import { ENTRY_FIELD, type OutRecord, streamNames, unpackEntry } from '@securechat/protocol/internal';
import {
  createTestDatabase,
  openTestRedis,
  type TestDatabase,
  type TestRedis,
  until,
  urlForRole,
} from '@securechat/testkit';
import { createPresence } from './app.ts';

const CONVERSATION = 'c_alice_and_bob_talk';
const [ALICE, BOB] = [1, 2];
const FIVE_MINUTES_MS = 5 * 60_000;
/** As a gateway asks for what a person waits for. */
const WITHIN_MS = 5_000;

let database: TestDatabase;
let redis: TestRedis;
const services: Service[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  redis = await openTestRedis();
  const owner = openPool(database.url, { applicationName: 'test-owner', max: 1 });
  await owner.query(`
    INSERT INTO auth.users (id, ext_id, account_key) OVERRIDING SYSTEM VALUE
      VALUES (${ALICE}, 'alice', sha256('alice')), (${BOB}, 'bob', sha256('bob'));
    WITH place AS (INSERT INTO delivery.conversations (ext_id, kind) VALUES ('${CONVERSATION}', 'direct') RETURNING id),
    members AS (
      INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
        SELECT place.id, u.id, u.ext_id, 1 FROM place, auth.users u)
    INSERT INTO delivery.conv_devices (conv_id, device_id, user_id, joined_seq, last_sent_seq)
      SELECT place.id, u.id, u.id, 1, 2 FROM place, auth.users u`);
  await owner.end();
});
afterAll(async () => {
  for (const service of services) {
    await service.drain?.();
    await service.stop();
  }
  await redis.close();
  await database.drop();
});

async function startPresence(prefix: string, skewMs: number): Promise<void> {
  const service = await createPresence({
    logger: createLogger({ service: 'presence', instance: 'test', level: 'silent' }),
    metrics: createMetrics('presence'),
    clock: { ...systemClock, now: () => systemClock.now() + skewMs },
    ready: createReadyChecks(),
    env: {
      REDIS_URL: redis.url,
      POSTGRES_URL: (await urlForRole(database.url, 'securechat_presence')) ?? database.url,
      STREAM_PREFIX: prefix,
      STREAM_PARTITIONS: '1',
    },
    instance: 'test',
    fail: (error) => {
      throw error;
    },
  });
  services.push(service);
  await service.start();
}

test.each([
  ['ahead', FIVE_MINUTES_MS],
  ['behind', -FIVE_MINUTES_MS],
])(
  'a process whose clock is five minutes %s answers, tells changes and passes on who types',
  async (name, skewMs) => {
    const prefix = `${redis.prefix}${name}`;
    const streams = streamNames({ prefix, partitions: 1 });
    const gateway = `gateway.${name}`;
    const [stream = ''] = streams.presence;
    await redis.redis.xadd(streams.out(gateway), '*', 'x', 'begun');
    const directory = createDirectory(redis.redis, { prefix, shards: 1 });
    await directory.register({
      user: BOB,
      device: BOB,
      gateway,
      connection: 1,
      maxConnections: 1,
      liveGateways: [gateway],
    });

    const ask = async (correlationId: string, body: object): Promise<void> => {
      const deadlineMs = Date.now() + WITHIN_MS;
      const request = { correlationId, gatewayId: gateway, deadlineMs, withinMs: WITHIN_MS };
      await redis.redis.xadd(stream, '*', ...encodeRequest({ ...request, body: JSON.stringify(body) }));
    };
    const told = async (kind: OutRecord['kind']): Promise<OutRecord[]> => {
      const entries = await redis.redis.xrangeBuffer(streams.out(gateway), '-', '+');
      const packed = entries.flatMap(([, [field, value]]) =>
        String(field) === ENTRY_FIELD && value ? unpackEntry<OutRecord>(value) : [],
      );
      return packed.map(({ head }) => head).filter((head) => head.kind === kind);
    };

    await startPresence(prefix, skewMs);
    await ask('w', { kind: 'watch', user: BOB, user_id: 'bob', names: ['alice'] });
    await until('the question is answered', async () => (await told('reply')).length > 0);
    const device = { user: ALICE, device: ALICE, connection: 1, since: '1700000000000001', status: 'online' };
    await ask('s', { kind: 'status', devices: [device] });
    await until('the change is told', async () => (await told('presence')).length > 0);
    expect(await told('presence')).toMatchObject([{ states: [[ALICE, 'online']] }]);
    const typing = { user: ALICE, device: ALICE, user_id: 'alice', conversation: CONVERSATION, typing: true };
    await ask('t', { kind: 'typing', ...typing, within_ms: WITHIN_MS });
    await until('it is passed on who types', async () => (await told('typing')).length > 0);
    expect(await told('typing')).toMatchObject([
      { to: [BOB], from: 'alice', typing: true, within_ms: WITHIN_MS },
    ]);
  },
);
