import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createLogger, createMetrics, systemClock } from '@securechat/kernel';
import { until } from '@securechat/testkit';
import { decideBatch } from '../decide-batch.ts';
import { deliveryMetrics } from '../metrics.ts';
import { findRevokedDevices } from '../store/entitlement.ts';
import { writeBatch } from '../store/write-batch.ts';
import { chatFrom, deviceOf, type Endpoint, inShort, operate, type Place } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { endEntitlement } from './end-entitlement.ts';

const metrics = deliveryMetrics(createMetrics('delivery'));
let world: World;
let place: Place;
let sender: Endpoint;
let phone: Endpoint;
let laptop: Endpoint;
let pairs = 0;
const watches: { stop(): Promise<void> }[] = [];

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  const pair = ++pairs;
  place = await world.connect(await world.addPerson(`alice${pair}`), await world.addPerson(`bob${pair}`));
  [sender, phone, laptop] = [deviceOf(place.a, 0), deviceOf(place.b, 0), deviceOf(place.b, 1)];
  await world.run([1, 2].map((n) => chatFrom(sender, place, n)));
});
afterEach(async () => {
  await Promise.all(watches.splice(0).map((watch) => watch.stop()));
});

/** The job as one process creates it. */
const newJob = () =>
  endEntitlement({
    pool: world.pool,
    now: async () => Date.now(),
    retentionDays: 30,
    metrics,
    clock: systemClock,
    logger: createLogger({ service: 'delivery', instance: 'test', level: 'silent' }),
  });

/** A process that runs it repeatedly. */
function startWatch(): void {
  const job = newJob();
  const stopping = new AbortController();
  const running = (async () => {
    for (; !stopping.signal.aborted; await wait(50)) await job.run(stopping.signal);
  })();
  watches.push({
    stop() {
      stopping.abort();
      return running;
    },
  });
}

const revoke = ({ device }: Endpoint) =>
  world.query('UPDATE auth.devices SET revoked_at = clock_timestamp() WHERE id = $1', [device]);
const waiting = async (device: Endpoint) => (await world.mailbox(device)).map(({ seq }) => seq);
const leftSeqs = async ({ device }: Endpoint) =>
  (
    await world.query<{ left_seq: number | null }>(
      'SELECT left_seq FROM delivery.conv_devices WHERE device_id = $1 ORDER BY conv_id',
      [device],
    )
  ).map(({ left_seq }) => left_seq);
const hasLeft = (device: Endpoint) =>
  until('it takes part in nothing', async () => !(await leftSeqs(device)).includes(null));

test('a revoked device has what stands before the next place, nothing waits for it, and nothing more comes', async () => {
  startWatch();
  await revoke(phone);
  await hasLeft(phone);
  // the creation and two messages are 1 to 3
  expect(await leftSeqs(phone)).toEqual([4]);
  await until('nothing waits', async () => (await waiting(phone)).length === 0);
  // its keys must be removed before anyone sends more
  const due = { generation: 0, epoch: 0, removed_devices: [phone.address] };
  const standing = await world.standing(place.conversation);
  const removal = operate(laptop, standing, 'group_commit', { removed_devices: [phone.address] });
  const { answers } = await world.run([
    chatFrom(sender, place, 3),
    removal,
    chatFrom(sender, place, 3, { epoch: 1 }),
  ]);
  expect(answers.map(inShort)).toEqual([`COMMIT_REQUIRED ${JSON.stringify(due)}`, 'stored 4', 'stored 5']);
  expect(await waiting(phone)).toEqual([]);
  expect(await waiting(laptop)).toEqual([1, 2, 3, 4]);
  expect(await waiting(sender)).toEqual([1]);
});

test('its own messages and operations are refused, those of its user’s other devices are not', async () => {
  startWatch();
  await revoke(phone);
  await hasLeft(phone);
  const standing = await world.standing(place.conversation);
  const removal = { removed_devices: [phone.address] };
  const { answers } = await world.run([
    chatFrom(phone, place, 1),
    operate(phone, standing, 'group_commit', removal),
    operate(laptop, standing, 'group_commit', removal),
    chatFrom(laptop, place, 1, { epoch: 1 }),
  ]);
  expect(answers.map(inShort)).toEqual(['PERMISSION_DENIED', 'PERMISSION_DENIED', 'stored 4', 'stored 5']);
});

test('what was revoked while nobody looked is ended at the start, in all its conversations', async () => {
  const other = await world.connect(place.b, await world.addPerson(`charlie${pairs}`));
  await revoke(phone);
  await world.query(`UPDATE auth.devices SET revoked_at = now() - interval '30 days' WHERE id = $1`, [
    phone.device,
  ]);
  startWatch();
  startWatch();
  await hasLeft(phone);
  expect(await leftSeqs(phone)).toEqual([4, 2]);
  await until('nothing waits', async () => (await waiting(phone)).length === 0);
  expect(other.conversation).not.toBe(place.conversation);
});

test('a message that is being stored meanwhile is still for the device, and its place before the end', async () => {
  const client = await world.openClient();
  await client.query('BEGIN');
  const plan = await decideBatch(client, [chatFrom(sender, place, 3)], Date.now());
  await revoke(phone);
  startWatch();
  await until('the end waits for the message, or does not', async () => {
    const waits = await world.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    return waits.length > 0 || !(await leftSeqs(phone)).includes(null);
  });
  await writeBatch(client, plan);
  await client.query('COMMIT');
  await hasLeft(phone);
  expect(await leftSeqs(phone)).toEqual([5]);
  await until('nothing waits', async () => (await waiting(phone)).length === 0);
  expect(await waiting(laptop)).toEqual([1, 2, 3, 4]);
});

test('the devices of a disabled account keep their place: it may be enabled again', async () => {
  startWatch();
  await world.query(`UPDATE auth.users SET state = 'disabled' WHERE id = $1`, [place.b.user]);
  await revoke(laptop);
  await hasLeft(laptop);
  expect(await leftSeqs(phone)).toEqual([null]);
  expect(await waiting(phone)).toEqual([1, 2, 3]);
});

test('a run that takes longer than until the next one is left alone by it', async () => {
  await revoke(phone);
  const client = await world.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM delivery.conversations WHERE ext_id = $1 FOR UPDATE', [place.conversation]);
  const job = newJob();
  const { signal } = new AbortController();
  const first = job.run(signal);
  const waits = () =>
    world.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
  await until('it waits for the conversation', async () => (await waits()).length === 1);
  await job.run(signal);
  expect(await leftSeqs(phone)).toEqual([null]);
  await client.query('ROLLBACK');
  client.release();
  await first;
  expect(await leftSeqs(phone)).toEqual([4]);
});

test('who looks every second reads what was revoked lately, however many devices there are', async () => {
  await revoke(phone);
  await world.query(
    `WITH crowd AS (
       INSERT INTO auth.users (ext_id, account_key)
       SELECT 'crowd' || n, sha256(('crowd' || n)::bytea) FROM generate_series(1, 10000) n RETURNING id)
     INSERT INTO auth.devices (user_id, ext_id, public_key)
     SELECT id, n::text, sha256(concat('crowd', id, n)::bytea) FROM crowd, generate_series(1, 2) n`,
  );
  await world.query('ANALYZE auth.devices');
  const client = await world.openClient();
  await client.query('BEGIN');
  // more often than Postgres uses custom plans before it switches to a generic one
  for (let look = 0; look < 10; look += 1) {
    const found = await findRevokedDevices(client, { withinSeconds: 300, after: 0, limit: 1000 });
    expect(found).toContainEqual({ id: phone.device, isOpen: true });
  }
  const read = await client.query<{ rows: number }>(
    `SELECT seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_xact_user_tables WHERE relid = 'auth.devices'::regclass`,
  );
  await client.query('ROLLBACK');
  expect(read.rows[0]?.rows).toBeLessThan(1000);
});
