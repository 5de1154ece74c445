import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { createEndpoints, createLogger, createMetrics, openPool } from '@securechat/kernel';
import {
  createTestDatabase,
  startWebhookReceiver,
  type TestDatabase,
  type WebhookReceiver,
} from '@securechat/testkit';
import type { Pool } from 'pg';
import { pushMetrics } from '../metrics.ts';
import { createPost } from '../send/post.ts';
import { findDueEvents } from '../store/webhook-events.ts';
import { createMailboxes } from '../testing/mailboxes.ts';
import { createTell } from './tell.ts';

let database: TestDatabase;
let pool: Pool;
let receiver: WebhookReceiver;
beforeAll(async () => {
  database = await createTestDatabase();
  pool = openPool(database.url, { applicationName: 'test', max: 4 });
  receiver = await startWebhookReceiver();
}, 240_000);
afterAll(async () => {
  receiver?.close();
  await pool?.end();
  await database?.drop();
});
beforeEach(async () => {
  await pool.query('DELETE FROM auth.webhooks');
  receiver.received.length = 0;
  receiver.seen.length = 0;
  receiver.refused.length = 0;
  receiver.answers = [];
});

const createSender = (allowed = [receiver.origin]) =>
  createTell({
    pool,
    post: createPost({ endpoints: createEndpoints(allowed), timeoutMs: 500, now: Date.now }),
    timeoutMs: 500,
    now: Date.now,
    metrics: pushMetrics(createMetrics('push')),
    logger: createLogger({ service: 'push', instance: 'test', level: 'error' }),
  });

/** A webhook for new accounts, and one event for it, as a row that auth would have written. */
async function setUp() {
  const secret = randomBytes(32);
  receiver.secrets = [secret];
  await pool.query(
    `INSERT INTO auth.webhooks (id, url, events, secret) VALUES ('w', $1, '{user.created}', $2)`,
    [`${receiver.origin}/hook`, secret],
  );
  await createMailboxes(pool).person();
  const read = async () => {
    const { rows } = await pool.query(
      'SELECT id, attempts, failure, dead_at, extract(epoch FROM due_at - now())::float AS seconds FROM auth.webhook_events',
    );
    return rows[0];
  };
  const { id } = await read();
  return { secret, read, id: id as string };
}
/** Time passes only in the rows. */
const passHours = (hours: number) =>
  pool.query(`UPDATE auth.webhook_events SET due_at = due_at - $1 * interval '1 hour'`, [hours]);

test('an event is signed, says what happened and nothing else, and is forgotten when it was taken', async () => {
  const { id, read } = await setUp();
  expect((await findDueEvents(pool)).ids).toEqual([id]);
  await createSender()(id);
  expect(receiver.refused).toEqual([]);
  const [told] = receiver.received;
  const { timestamp, data, ...rest } = JSON.parse(told?.body.toString() ?? '');
  expect(rest).toEqual({ type: 'user.created' });
  expect(Object.keys(data)).toEqual(['user_id']);
  expect(Math.abs(Date.parse(timestamp) - Date.now())).toBeLessThan(60_000);
  expect(told?.id).toBe(id);
  expect(await read()).toBeUndefined();
});

test('what is not taken is sent again by the same id, later each time, and given up after 27 hours', async () => {
  const { id, read } = await setUp();
  receiver.answers = [500, 404, 302, 'hang', 401, 410, 503, 500];
  const waits: number[] = [];
  for (let attempt = 1; attempt <= 8; attempt += 1) {
    await createSender()(id);
    const { attempts, seconds, dead_at } = await read();
    expect({ attempt, attempts, isDead: dead_at !== null }).toEqual({
      attempt,
      attempts: attempt,
      isDead: attempt === 8,
    });
    waits.push(seconds);
    await createSender()(id); // not due: nothing is sent
    await passHours(20);
  }
  expect(receiver.seen.map((webhook) => webhook.id)).toEqual(Array(8).fill(id));
  expect(receiver.received).toEqual([]);
  const growing = waits.slice(0, 7);
  expect(growing).toEqual([...growing].sort((one, other) => one - other));
  const total = growing.reduce((sum, seconds) => sum + seconds, 0) / 3600;
  expect(total).toBeGreaterThan(26);
  expect(total).toBeLessThan(33);
  expect(await findDueEvents(pool)).toMatchObject({ ids: [], dead: 1 });
}, 60_000);

test('a 429 is obeyed, for an hour at most', async () => {
  const { id, read } = await setUp();
  receiver.answers = [
    { status: 429, headers: { 'retry-after': '600' } },
    { status: 429, headers: { 'retry-after': '86400' } },
  ];
  await createSender()(id);
  expect((await read()).seconds).toBeCloseTo(600, -1);
  await passHours(1);
  await createSender()(id);
  expect((await read()).seconds).toBeCloseTo(3600, -2);
});

test('while one process is at it another one leaves it alone, and takes it up when that one is dead', async () => {
  const { id, read } = await setUp();
  receiver.answers = ['hang'];
  const first = createSender()(id);
  while (receiver.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  await createSender()(id);
  expect(receiver.seen).toHaveLength(1);
  await first;
  expect((await read()).failure).toBe('failed');
  // a process that died has written nothing, and its claim expires
  await pool.query(`UPDATE auth.webhook_events SET due_at = now() - interval '1 s'`);
  await createSender()(id);
  expect(receiver.received.map((webhook) => webhook.id)).toEqual([id]);
});

test('with a new secret both are used for a day, and then the new one alone', async () => {
  const { secret, id } = await setUp();
  const next = randomBytes(32);
  await pool.query(
    `UPDATE auth.webhooks SET secret = $1, previous_secret = secret, previous_until = now() + interval '1 day'`,
    [next],
  );
  receiver.answers = [500, 500];
  for (const known of [secret, next]) {
    receiver.secrets = [known];
    await createSender()(id);
    await passHours(1);
  }
  expect(receiver.seen).toHaveLength(2);
  await pool.query(`UPDATE auth.webhooks SET previous_until = now() - interval '1 s'`);
  receiver.secrets = [secret];
  await createSender()(id);
  expect(receiver.refused).toEqual([id]);
});

test('a private address is not connected to unless the operator has named it', async () => {
  const { id, read } = await setUp();
  await createSender([])(id);
  expect([receiver.seen, receiver.refused]).toEqual([[], []]);
  expect((await read()).failure).toBe('refused');
});

test('one backend that takes nothing leaves room for the others', async () => {
  await setUp();
  await pool.query(
    `INSERT INTO auth.webhooks (id, url, events, secret) VALUES ('other', $1, '{user.created}', $2)`,
    [`${receiver.origin}/other`, randomBytes(32)],
  );
  await pool.query(
    `INSERT INTO auth.webhook_events (webhook_id, type, data, due_at)
     SELECT 'w', 'user.created', '{}', now() - interval '1 hour' FROM generate_series(1, 2000)`,
  );
  await createMailboxes(pool).person();
  const { ids } = await findDueEvents(pool);
  const { rows } = await pool.query(
    'SELECT webhook_id, count(*)::int AS count FROM auth.webhook_events WHERE id = ANY($1) GROUP BY 1 ORDER BY 1',
    [ids],
  );
  expect(rows).toEqual([
    { webhook_id: 'other', count: 1 },
    { webhook_id: 'w', count: 50 },
  ]);
});
