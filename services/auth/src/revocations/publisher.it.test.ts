import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createRevocationSet, type RevocationSet } from '@securechat/directory';
import { type Clock, createLogger, openPool, systemClock } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { Redis } from 'ioredis';
import { Client, type Pool } from 'pg';
import { findChanges } from '../store/revocation-store.ts';
import { createOwnDatabase, type OwnDatabase } from '../testing/own-database.ts';
import { createRevocationPublisher, type RevocationPublisher } from './publisher.ts';

let database: OwnDatabase;
let redis: Redis;
let pool: Pool;
let set: RevocationSet;
const prefix = `auth-test-${randomBytes(6).toString('hex')}`;
const publishers: RevocationPublisher[] = [];

beforeAll(async () => {
  database = await createOwnDatabase();
  redis = new Redis(process.env.TEST_REDIS_URL ?? '', { lazyConnect: true, maxRetriesPerRequest: 0 });
  await redis.connect();
  pool = openPool(database.url, { applicationName: 'publisher-test', max: 4 });
  set = createRevocationSet(redis, { prefix });
});
afterEach(async () => {
  await Promise.all(publishers.splice(0).map((publisher) => publisher.stop()));
  await redis.del(`${prefix}:revoked`);
});
afterAll(async () => {
  redis?.disconnect();
  await pool?.end();
  await database?.drop();
});

/** As another auth process would have it. */
function openPublisher(over: RevocationSet = set, clock: Clock = systemClock): RevocationPublisher {
  const logger = createLogger({ service: 'auth', instance: 'test', level: 'silent' });
  const publisher = createRevocationPublisher({ pool, set: over, clock, logger });
  publishers.push(publisher);
  return publisher;
}

async function addDevices(count = 1): Promise<{ user: number; devices: number[] }> {
  const [account] = await database.query<{ id: number }>(
    'INSERT INTO auth.users (ext_id, account_key) VALUES ($1, $2) RETURNING id::int',
    [randomBytes(8).toString('hex'), randomBytes(32)],
  );
  const rows = await database.query<{ id: number }>(
    `INSERT INTO auth.devices (user_id, ext_id, public_key)
     SELECT $1::bigint, 'device' || n, sha256(concat($1::text, 'device', n)::bytea) FROM generate_series(1, $2::int) n RETURNING id::int`,
    [account!.id, count],
  );
  return { user: account!.id, devices: rows.map(({ id }) => id) };
}

const revoke = (device: number) =>
  database.query('UPDATE auth.devices SET revoked_at = clock_timestamp() WHERE id = $1', [device]);
const setState = (user: number, state: string) =>
  database.query('UPDATE auth.users SET state = $2 WHERE id = $1', [user, state]);

async function revokedOf(devices: number[]): Promise<number[]> {
  const page = await set.read({ generation: '', through: '0' });
  if (!page) throw new Error('the set is missing');
  const dead = page.changes.filter(({ isServed }) => !isServed).map(({ device }) => device);
  return devices.filter((device) => dead.includes(device));
}

test('what another process has committed and not told is told by the next look of any', async () => {
  const { devices } = await addDevices(3);
  const publisher = openPublisher();
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual([]);
  await revoke(devices[1]!);
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual([devices[1]]);
  // and by one that has just started
  await revoke(devices[2]!);
  await openPublisher().publish();
  expect(await revokedOf(devices)).toEqual([devices[1], devices[2]]);
});

test('what was missed, however it came about, is told within minutes', async () => {
  const { devices } = await addDevices(2);
  const clock = createTestClock();
  const publisher = openPublisher(set, clock);
  await publisher.publish();
  // timestamped before it was committed, by hand
  await database.query(`UPDATE auth.devices SET revoked_at = now() - interval '1 hour' WHERE id = $1`, [
    devices[0],
  ]);
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual([]);
  for (let n = 0; n < 5; n++) {
    clock.advance(60_000);
    await publisher.publish();
  }
  expect(await revokedOf(devices)).toEqual([devices[0]]);
});

test('a Redis that lost everything gets everything again, also what was told long ago', async () => {
  const { devices } = await addDevices(3);
  await revoke(devices[0]!);
  await database.query(`UPDATE auth.devices SET revoked_at = now() - interval '47 hours' WHERE id = $1`, [
    devices[1],
  ]);
  const publisher = openPublisher();
  for (let round = 0; round < 2; round++) {
    await publisher.publish();
    expect(await revokedOf(devices)).toEqual(devices.slice(0, 2));
    await redis.del(`${prefix}:revoked`);
  }
});

test('all devices of a disabled account, until it is enabled: then those that are not revoked are served again', async () => {
  const { user, devices } = await addDevices(2);
  const publisher = openPublisher();
  await revoke(devices[0]!);
  await setState(user, 'disabled');
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual(devices);
  await setState(user, 'active');
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual([devices[0]]);
});

test('a revocation that was dated before a look and committed after it is not passed over', async () => {
  const { devices } = await addDevices();
  const publisher = openPublisher();
  const slow = new Client({ connectionString: database.url });
  await slow.connect();
  try {
    await slow.query('BEGIN');
    await slow.query('UPDATE auth.devices SET revoked_at = clock_timestamp() WHERE id = $1', devices);
    await publisher.publish();
    await publisher.publish();
    await slow.query('COMMIT');
  } finally {
    await slow.end();
  }
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual(devices);
});

test('what was not told while Redis was away is told when it is back, and nobody is told that it failed', async () => {
  const { devices } = await addDevices();
  let isAway = false;
  const flaky: RevocationSet = {
    ...set,
    publish: (changes, isEverything) =>
      isAway ? Promise.reject(new Error('Connection is closed.')) : set.publish(changes, isEverything),
  };
  const publisher = openPublisher(flaky);
  await publisher.publish();
  isAway = true;
  await revoke(devices[0]!);
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual([]);
  isAway = false;
  await publisher.publish();
  expect(await revokedOf(devices)).toEqual(devices);
});

test('of two processes that tell at once none brings back what the other has changed since', async () => {
  const { user, devices } = await addDevices();
  await setState(user, 'disabled');
  await setState(user, 'active');
  const [hasRead, mayWrite] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const slow: RevocationSet = {
    ...set,
    async publish(changes, isEverything) {
      hasRead.resolve();
      await mayWrite.promise;
      return set.publish(changes, isEverything);
    },
  };
  const slowly = openPublisher(slow).publish();
  await hasRead.promise;
  await setState(user, 'disabled');
  const quickly = openPublisher().publish();
  // as long as it would need if nothing blocked it
  await Promise.race([quickly, new Promise((resolve) => setTimeout(resolve, 300))]);
  mayWrite.resolve();
  await Promise.all([slowly, quickly]);
  expect(await revokedOf(devices)).toEqual(devices);
});

test('a look reads what has changed lately, however many accounts and devices there are', async () => {
  const { user, devices } = await addDevices(2);
  const [device] = devices;
  if (device === undefined) throw new Error('no device');
  await database.query(
    `WITH crowd AS (
       INSERT INTO auth.users (ext_id, account_key)
       SELECT 'crowd' || n, sha256(('crowd' || n)::bytea) FROM generate_series(1, 10000) n RETURNING id)
     INSERT INTO auth.devices (user_id, ext_id, public_key)
     SELECT id, n::text, sha256(concat('crowd', id, n)::bytea) FROM crowd, generate_series(1, 2) n`,
  );
  await database.query('ANALYZE auth.users, auth.devices');
  await revoke(device);
  await setState(user, 'disabled');
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    // more often than Postgres uses custom plans before it switches to a generic one
    for (let look = 0; look < 10; look += 1) {
      expect(await findChanges(client, 60)).toEqual(
        expect.arrayContaining(devices.map((id) => ({ device: id, isServed: false }))),
      );
    }
    const read = await client.query<{ rows: number }>(
      `SELECT sum(seq_tup_read + idx_tup_fetch)::bigint AS rows FROM pg_stat_xact_user_tables WHERE schemaname = 'auth'`,
    );
    expect(read.rows[0]?.rows).toBeLessThan(2000);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});
