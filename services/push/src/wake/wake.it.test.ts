import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEndpoints, createLogger, createMetrics, openPool } from '@securechat/kernel';
import {
  createTestDatabase,
  type PushService,
  startPushService,
  type TestDatabase,
  until,
} from '@securechat/testkit';
import type { Pool } from 'pg';
import { pushMetrics } from '../metrics.ts';
import { createSend } from '../send/send.ts';
import { forgetTarget, putSubscription, removeRevoked } from '../store/subscriptions.ts';
import { findDue, noteWaiting } from '../store/wakes.ts';
import { createMailboxes } from '../testing/mailboxes.ts';
import { createWake } from './wake.ts';

/** None of these times passes in a test: the rows are backdated instead. */
const timing = { waitMs: 10_000, debounceMs: 60_000, claimMs: 30_000 };
const FIRST = { isRetry: false, isLast: false };
const RETRY = { isRetry: true, isLast: false };
const LAST = { isRetry: true, isLast: true };

let database: TestDatabase;
let pool: Pool;
let pushes: PushService;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.url, { applicationName: 'test', max: 2 });
  pushes = await startPushService();
}, 240_000);
afterAll(async () => {
  await pushes?.close();
  await pool?.end();
  await database?.drop();
});

/**
 * Bob's phone, offline with everything fetched, and what Alice sends to it. `timeoutMs`: for a request to the push
 * service.
 */
async function setUp({ timeoutMs = 5_000 } = {}) {
  const mailboxes = createMailboxes(pool);
  const [alice, bob] = [await mailboxes.person(), await mailboxes.person()];
  const [hers, phone, laptop] = [
    await mailboxes.device(alice),
    await mailboxes.device(bob),
    await mailboxes.device(bob),
  ];
  const target = pushes.subscribe();
  await putSubscription(pool, phone, {
    kind: 'web_push',
    target: target.endpoint,
    p256dh: Buffer.from(target.keys.p256dh, 'base64'),
    auth: Buffer.from(target.keys.auth, 'base64'),
  });
  const metrics = pushMetrics(createMetrics('push'));
  const send = createSend({
    endpoints: createEndpoints([pushes.origin]),
    vapidPrivateKey: randomBytes(32).toString('base64url'),
    contact: 'mailto:admin@example.com',
    bridge: undefined,
    timeoutMs,
    now: Date.now,
  });
  const logger = createLogger({ service: 'push', instance: 'test', level: 'error' });
  const wake = createWake({ pool, timing, send, metrics, logger });
  const read = async () => {
    const { rows } = await pool.query('SELECT * FROM push.subscriptions WHERE device_id = $1', [phone]);
    return rows[0];
  };
  const { id } = await read();
  return {
    ...{ mailboxes, hers, phone, laptop, target, wake, id, read },
    /** Whether it is due now, and after this time without any activity. */
    async isDueAfter(ms: number): Promise<boolean> {
      await noteWaiting(pool);
      await pool.query(
        `UPDATE push.subscriptions SET waiting_since = waiting_since - $2 * interval '1 ms',
                woken_at = woken_at - $2 * interval '1 ms', not_before = not_before - $2 * interval '1 ms' WHERE id = $1`,
        [id, ms],
      );
      return (await findDue(pool, timing)).ids.includes(id);
    },
  };
}

test('what is taken in time wakes nobody, however much of it comes', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp();
  for (let round = 0; round < 5; round += 1) {
    await mailboxes.put(phone, hers);
    // something waits at every look, but something else each time
    expect(await isDueAfter(9_000)).toBe(false);
    await mailboxes.take(phone);
    await mailboxes.put(phone, hers);
  }
  await mailboxes.take(phone);
  expect(await isDueAfter(100_000)).toBe(false);
  expect(await wake(id, FIRST)).toBe('over');
  expect(target.requests).toBe(0);
});

test('what is not taken wakes once for all of it; what comes later again, the less often the less is taken', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp();
  await mailboxes.put(phone, hers);
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(9_000)).toBe(false);
  expect(await isDueAfter(1_100)).toBe(true);
  // whichever comes first
  await Promise.all([wake(id, FIRST), wake(id, FIRST)]);
  expect(target.received).toHaveLength(1);
  expect(await isDueAfter(100_000)).toBe(false);

  await mailboxes.put(phone, hers);
  expect(await isDueAfter(10_000)).toBe(false);
  expect(await isDueAfter(20_000)).toBe(true);
  await wake(id, FIRST);
  expect(target.received).toHaveLength(2);
  // woken twice and nothing fetched: four minutes from now on
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(200_000)).toBe(false);
  expect(await isDueAfter(50_000)).toBe(true);
  await wake(id, FIRST);

  await mailboxes.take(phone);
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(10_000)).toBe(false);
  expect(await isDueAfter(51_000)).toBe(true);
});

test('every wake has one size and one content, whoever is woken for whatever', async () => {
  const wakes = [];
  for (let count = 1; count <= 3; count += 1) {
    const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp();
    for (let sent = 0; sent < count; sent += 1) await mailboxes.put(phone, hers);
    expect(await isDueAfter(11_000)).toBe(true);
    await wake(id, FIRST);
    wakes.push(...target.received);
  }
  expect(pushes.faults).toEqual([]);
  expect(wakes.map(({ content }) => content)).toEqual(Array(3).fill('{"type":"wake"}'));
  expect(new Set(wakes.map(({ body }) => body.length)).size).toBe(1);
});

test('what the same user wrote on another device wakes nobody', async () => {
  const { mailboxes, phone, laptop, hers, isDueAfter, wake, id, target } = await setUp();
  await mailboxes.put(phone, laptop);
  expect(await isDueAfter(11_000)).toBe(true);
  expect(await wake(id, FIRST)).toBe('over');
  expect(await isDueAfter(100_000)).toBe(false);
  expect(target.requests).toBe(0);
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(11_000)).toBe(true);
});

test('a dead subscription is removed, but not the one that has taken its place', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target, read } = await setUp();
  target.answers.push({ status: 410 });
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(11_000)).toBe(true);
  await wake(id, FIRST);
  expect(await read()).toBeUndefined();

  const other = await setUp({ timeoutMs: 1_500 });
  other.target.answers.push('hang');
  await other.mailboxes.put(other.phone, other.hers);
  expect(await other.isDueAfter(11_000)).toBe(true);
  const waking = other.wake(other.id, LAST);
  await until('the request is under way', () => other.target.requests === 1);
  await putSubscription(pool, other.phone, { kind: 'bridge', target: 'new' });
  await waking;
  expect(await other.read()).toMatchObject({ target: 'new', failures: 0 });
  expect(await forgetTarget(pool, other.id, other.target.endpoint)).toBe(false);
});

test('failures rest longer each time, and end the subscription after ten', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target, read } = await setUp();
  await mailboxes.put(phone, hers);
  const minutes = [5, 10, 20, 40, 80, 160, 320, 360, 360];
  expect(await isDueAfter(11_000)).toBe(true);
  for (const rest of minutes) {
    target.answers.push({ status: 500 }, { status: 503 });
    expect(await wake(id, FIRST)).toBe('failed');
    // nobody else claims what is being retried
    expect(await isDueAfter(0)).toBe(false);
    expect(await wake(id, FIRST)).toBe('over');
    expect(await wake(id, LAST)).toBe('over');
    expect(await isDueAfter((rest - 1) * 60_000)).toBe(false);
    expect(await isDueAfter(61_000)).toBe(true);
  }
  target.answers.push({ status: 400 });
  expect(await wake(id, FIRST)).toBe('over');
  expect(await read()).toBeUndefined();
});

test('what has to wait waits as long as it was told, within bounds', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp();
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(11_000)).toBe(true);
  for (const [said, ms] of [
    ['120', 120_000],
    ['99999999', 3_600_000],
  ] as const) {
    target.answers.push({ status: 429, headers: { 'retry-after': said } });
    expect(await wake(id, RETRY)).toBe('over');
    expect(await isDueAfter(ms - 5_000)).toBe(false);
    expect(await isDueAfter(6_000)).toBe(true);
  }
  await wake(id, FIRST);
  expect(target.received).toHaveLength(1);
});

test('what an address was given to wait for does not hold for the one that takes its place', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp();
  const subscribe = ({ endpoint, keys }: typeof target) =>
    putSubscription(pool, phone, {
      kind: 'web_push',
      target: endpoint,
      p256dh: Buffer.from(keys.p256dh, 'base64'),
      auth: Buffer.from(keys.auth, 'base64'),
    });
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(11_000)).toBe(true);
  target.answers.push({ status: 500 });
  expect(await wake(id, LAST)).toBe('over');
  await subscribe(target);
  expect(await isDueAfter(0)).toBe(false);
  const newer = pushes.subscribe();
  await subscribe(newer);
  expect(await isDueAfter(0)).toBe(true);
  await wake(id, FIRST);
  expect([target.received.length, newer.received.length]).toEqual([0, 1]);
});

test('while one process is at it another one leaves it alone', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp({ timeoutMs: 1_500 });
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(11_000)).toBe(true);
  target.answers.push('hang');
  const first = wake(id, FIRST);
  await until('the push service was asked', () => target.requests === 1);
  expect(await wake(id, FIRST)).toBe('over');
  expect(target.requests).toBe(1);
  expect(await first).toBe('failed');
});

test('a claim of a process that died ends by itself', async () => {
  const { mailboxes, phone, hers, isDueAfter, wake, id, target } = await setUp();
  await mailboxes.put(phone, hers);
  expect(await isDueAfter(11_000)).toBe(true);
  target.answers.push({ status: 500 });
  expect(await wake(id, FIRST)).toBe('failed');
  expect(await isDueAfter(25_000)).toBe(false);
  expect(await isDueAfter(6_000)).toBe(true);
  await wake(id, FIRST);
  expect(target.received).toHaveLength(1);
});

test('a revoked device loses its subscription, and a disabled account is not woken', async () => {
  const { mailboxes, phone, hers, isDueAfter, read } = await setUp();
  await mailboxes.put(phone, hers);
  const of = `(SELECT user_id FROM auth.devices WHERE id = ${phone})`;
  await pool.query(`UPDATE auth.users SET state = 'disabled' WHERE id = ${of}`);
  expect(await isDueAfter(11_000)).toBe(false);
  await pool.query(`UPDATE auth.users SET state = 'active' WHERE id = ${of}`);
  expect(await isDueAfter(0)).toBe(true);
  await pool.query('UPDATE auth.devices SET revoked_at = now() WHERE id = $1', [phone]);
  expect(await removeRevoked(pool)).toBe(1);
  expect(await read()).toBeUndefined();
});
