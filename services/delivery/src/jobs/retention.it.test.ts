import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger, createMetrics, systemClock, withTransaction } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { until } from '@securechat/testkit';
import { Client } from 'pg';
import { expand } from '../fanout/expand.ts';
import { deliveryMetrics } from '../metrics.ts';
import { DAY_MS, dayOf, daysAt } from '../rules/days.ts';
import { DEFAULT_POLICY } from '../rules/policy.ts';
import { expireMessages, retirePartition } from '../store/retention.ts';
import { createPages } from '../sync/page.ts';
import { ackFrom, chatFrom, deviceOf, type Endpoint, type Place } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { agreedTime } from './agreed-time.ts';
import { deliveryJobs } from './index.ts';
import { lookAtRetention } from './watch-retention.ts';

let world: World;
/** The time of these tests; the database's own is never asked. */
let nowMs = Date.now();
let clientSeqs: Map<Place, number>;
let people = 0;

beforeAll(async () => {
  world = await openWorld();
  clientSeqs = new Map();
});
afterAll(() => world?.close());

const metrics = deliveryMetrics(createMetrics('delivery'));

/** Runs all jobs once, at an hour of that day. */
async function runJobs(...names: string[]): Promise<void> {
  const jobs = deliveryJobs({
    ...{ pool: world.pool, now: async () => nowMs, retentionDays: 30, metrics },
    ...{
      clock: systemClock,
      logger: createLogger({ service: 'delivery', instance: 'test', level: 'silent' }),
    },
  });
  const { signal } = new AbortController();
  for (const [name, job] of Object.entries(jobs)) {
    if (names.length === 0 || names.includes(name)) await job.run(signal);
  }
}

/** One device each, so that a message has one pointer. */
async function newPair(): Promise<Place> {
  people += 1;
  const [a, b] = [await world.addPerson(`a${people}`, 1), await world.addPerson(`b${people}`, 1)];
  const place = await world.connect(a, b);
  await acknowledgeAll(deviceOf(b, 0));
  return place;
}

async function send(
  place: Place,
  count: number,
  changes: Parameters<typeof chatFrom>[3] = {},
): Promise<void> {
  const first = (clientSeqs.get(place) ?? 0) + 1;
  clientSeqs.set(place, first + count - 1);
  const records = Array.from({ length: count }, (_, index) =>
    chatFrom(deviceOf(place.a, 0), place, first + index, { body: Buffer.alloc(500, 7), ...changes }),
  );
  const policy = { ...DEFAULT_POLICY, messagesPerEpoch: 1_000_000 };
  const { answers } = await world.run(records, { nowMs, policy });
  expect(answers.every(({ kind }) => kind === 'stored')).toBe(true);
}

async function acknowledgeAll(reader: Endpoint): Promise<void> {
  await world.run([ackFrom(reader, Number.MAX_SAFE_INTEGER)], { nowMs });
}

async function pageOf({ user, device }: Endpoint) {
  const ask = { kind: 'page' as const, device, user, from: 0, ack: false, limit: 200 };
  return (await createPages(world.pool)(ask, nowMs)).head;
}

const bodiesOf = async (place: Place) =>
  (
    await world.query<{ n: number }>(
      `SELECT count(*) AS n FROM delivery.messages m JOIN delivery.conversations c ON c.id = m.conv_id
        WHERE c.ext_id = $1 AND m.type = $2 AND m.body IS NOT NULL`,
      [place.conversation, CHAT],
    )
  )[0]?.n;
const CHAT = 0x0301;

test('over two months what was not fetched waits for 30 days and is then gone, and the tables do not grow', async () => {
  const [busy, absent] = [await newPair(), await newPair()];
  const [reader, sleeper] = [deviceOf(busy.b, 0), deviceOf(absent.b, 0)];
  const sizes: { bytes: number; partitions: number; dead: number }[] = [];
  const startMs = nowMs;
  for (let day = 0; day <= 62; day += 1) {
    nowMs = startMs + day * DAY_MS;
    await send(busy, 60);
    await send(absent, 2);
    await acknowledgeAll(reader);
    await runJobs();
    sizes.push(await measure());
    if (day === 29 || day === 62) {
      const waiting = (await pageOf(sleeper)).items;
      // two per day, for this day and the thirty before it
      const days = Math.min(day, 30) + 1;
      expect(waiting).toHaveLength(2 * days);
      expect(waiting.at(-1)).toMatchObject({ conv_seq: 1 + 2 * (day + 1) });
    }
    if (day === 31) expect((await pageOf(sleeper)).items[0]).toMatchObject({ conv_seq: 4 });
    await world.query(
      'VACUUM delivery.mailbox, delivery.messages, delivery.device_queue, delivery.device_acks',
    );
  }
  const [first, last] = [sizes[31], sizes.at(-1)];
  process.stdout.write(`retention: day 31 ${JSON.stringify(first)}, day 62 ${JSON.stringify(last)}\n`);
  expect(last?.bytes).toBeLessThanOrEqual((first?.bytes ?? 0) * 1.1);
  // today, four remembered and one of tolerance, a week ahead, and the default partition
  expect(Math.max(...sizes.slice(31).map(({ partitions }) => partitions))).toBeLessThanOrEqual(14);
  // a day leaves some 200 dead rows; statistics come late
  await until('nothing dead is left behind', async () => (await measure()).dead < 200);
  const orphans = await world.query(
    'SELECT 1 FROM delivery.mailbox b WHERE NOT EXISTS (SELECT 1 FROM delivery.messages m WHERE m.day = b.day AND m.conv_id = b.conv_id AND m.conv_seq = b.conv_seq)',
  );
  expect(orphans).toEqual([]);
  const oldest = await world.query<{ day: string }>('SELECT min(day)::text AS day FROM delivery.messages');
  expect(oldest[0]?.day).toBe(dayOf(nowMs - 30 * DAY_MS));
});

describe('bodies', () => {
  test('are freed when the last pointer is gone, and not before', async () => {
    const place = await world.connect(await world.addPerson('anna', 1), await world.addPerson('bert', 2));
    await send(place, 3);
    await runJobs('free-bodies');
    expect(await bodiesOf(place)).toBe(3);
    await acknowledgeAll(deviceOf(place.b, 0));
    await runJobs('free-bodies');
    expect(await bodiesOf(place)).toBe(3);
    await world.run([ackFrom(deviceOf(place.b, 1), 3)], { nowMs });
    await runJobs('free-bodies');
    expect(await bodiesOf(place)).toBe(1);
    expect((await pageOf(deviceOf(place.b, 1))).items).toMatchObject([{ conv_seq: 4 }]);
  });

  test('are walked over to the end, also beyond many that still wait', async () => {
    const [waiting, read] = [await newPair(), await newPair()];
    await send(waiting, 1500);
    await send(read, 1500);
    await acknowledgeAll(deviceOf(read.b, 0));
    await runJobs('free-bodies');
    expect([await bodiesOf(waiting), await bodiesOf(read)]).toEqual([1500, 0]);
  });

  test('leave the id behind: a retry is answered with the first answer', async () => {
    const place = await newPair();
    const record = chatFrom(deviceOf(place.a, 0), place, 1);
    await world.run([record], { nowMs });
    await acknowledgeAll(deviceOf(place.b, 0));
    await runJobs();
    nowMs += 3 * DAY_MS;
    await runJobs();
    expect(await bodiesOf(place)).toBe(0);
    expect((await world.run([record], { nowMs })).answers).toMatchObject([
      { kind: 'stored', conv_seq: 2, dup: true },
    ]);
  });
});

describe('expiry', () => {
  test('takes the message out of the tables, and the pointers to it; the cursor passes', async () => {
    const place = await newPair();
    const reader = deviceOf(place.b, 0);
    await send(place, 1);
    await send(place, 2, { expires_at: Math.floor(nowMs / 1000) + 60 });
    await send(place, 1);
    await runJobs('expire-messages');
    expect(await bodiesOf(place)).toBe(4);
    nowMs += 61_000;
    await runJobs('expire-messages');
    expect(await bodiesOf(place)).toBe(2);
    expect((await world.mailbox(reader)).map(({ seq }) => seq)).toEqual([2, 5]);
    const head = await pageOf(reader);
    expect(head.items.map(({ seq }) => seq)).toEqual([2, 5]);
    expect(head).toMatchObject({ through: 5, more: false });
  });
});

test('what has expired in a large group goes in bites that a statement has time for, until all of it is gone', async () => {
  const { conversation } = await newPair();
  const [row] = await world.query<{ id: number }>('SELECT id FROM delivery.conversations WHERE ext_id = $1', [
    conversation,
  ]);
  const expiredAt = Math.floor(nowMs / 1000) - 60;
  await world.query(
    `INSERT INTO delivery.messages (day, conv_id, conv_seq, type, server_ts_ms, expires_at, body, sender_device, msg_id, hash)
     SELECT $2::date, $1, 1000 + n, 769, $3, $4, 'x', 1, 'm' || n, 'h' FROM generate_series(1, 100) n`,
    [row?.id, dayOf(nowMs), nowMs, expiredAt],
  );
  await world.query(
    `INSERT INTO delivery.mailbox (device_id, seq, conv_id, conv_seq, day, bytes)
     SELECT 1000000 + d, n, $1, 1000 + n, $2::date, 1 FROM generate_series(1, 100) n, generate_series(1, 100) d`,
    [row?.id, dayOf(nowMs)],
  );
  const left = () =>
    world.query('SELECT FROM delivery.mailbox WHERE conv_id = $1 AND conv_seq > 1000', [row?.id]);
  const first = await expireMessages(world.pool, nowMs, 200);
  expect(first).toMatchObject({ unpointed: 1_000, isMore: true });
  expect(await left()).toHaveLength(9_000);
  await runJobs('expire-messages');
  expect(await left()).toHaveLength(0);
  const kept = 'SELECT FROM delivery.messages WHERE conv_id = $1 AND expires_at = $2 AND body IS NOT NULL';
  expect(await world.query(kept, [row?.id, expiredAt])).toHaveLength(0);
});

test('a time of expiry beyond the retention is cut to it', async () => {
  const place = await newPair();
  await send(place, 1, { expires_at: Math.floor(nowMs / 1000) + 365 * 24 * 3600 });
  const [row] = await world.query<{ expires_at: number }>(
    'SELECT expires_at FROM delivery.messages WHERE sender_device = $1 AND conv_seq = 2',
    [deviceOf(place.a, 0).device],
  );
  expect(row?.expires_at).toBe(Math.floor((nowMs + 30 * DAY_MS) / 1000));
});

test('what the jobs have left undone shows in the metrics', async () => {
  const shown = { unpartitioned: 0, partitions: 0, oldestWaiting: 0, expiryLag: 0 };
  const gauge = (name: keyof typeof shown) => ({
    set: (value: number) => {
      shown[name] = value;
    },
    inc: () => {},
    dec: () => {},
  });
  const gauges = {
    unpartitioned: gauge('unpartitioned'),
    partitions: gauge('partitions'),
    oldestWaiting: gauge('oldestWaiting'),
    expiryLag: gauge('expiryLag'),
  };
  const look = () =>
    lookAtRetention({ pool: world.pool, clock: createTestClock(nowMs), retentionDays: 30, metrics: gauges });

  const place = await newPair();
  await runJobs();
  await look();
  expect(shown).toMatchObject({ unpartitioned: 0, expiryLag: 0 });
  // beyond the existing partitions: nobody has run the job for nine days
  nowMs += 9 * DAY_MS;
  await send(place, 3, { expires_at: Math.floor(nowMs / 1000) + 60 });
  nowMs += 3600_000;
  await look();
  expect(shown.unpartitioned).toBe(3);
  expect(shown.expiryLag).toBeGreaterThanOrEqual(3530);
  expect(shown.oldestWaiting).toBeGreaterThan(9 * 24 * 3600);
  expect(shown.partitions).toBeGreaterThan(8);
  nowMs += 6 * DAY_MS;
  await runJobs();
  await look();
  expect(shown).toMatchObject({ unpartitioned: 0, expiryLag: 0 });
});

describe('a clock', () => {
  test('that Postgres does not share is not believed', async () => {
    const clock = createTestClock(Date.now() + 2 * 60 * 60 * 1000);
    await expect(agreedTime(world.pool, clock)).rejects.toThrow('differs');
    clock.setNow(Date.now());
    expect(await agreedTime(world.pool, clock)).toBe(clock.now());
  });
});

describe('a partition', () => {
  const partitions = async () =>
    (
      await world.query<{ name: string }>(
        `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'delivery.messages'::regclass`,
      )
    ).map(({ name }) => name);
  const nameOf = (ms: number) => `delivery.messages_${dayOf(ms).replaceAll('-', '')}`;

  test('for whose messages too many devices wait stays until retention ends', async () => {
    const sentMs = nowMs;
    await runJobs('make-partitions');
    await send(await newPair(), 3);
    nowMs += 6 * DAY_MS;
    const days = daysAt(nowMs, 30);
    while (await retirePartition(world.pool, days, 2)) {
      // older days first
    }
    expect(await partitions()).toContain(nameOf(sentMs));
    nowMs = sentMs + 31 * DAY_MS;
    await runJobs();
    expect(await partitions()).not.toContain(nameOf(sentMs));
    expect(await world.query('SELECT 1 FROM delivery.mailbox WHERE day = $1', [dayOf(sentMs)])).toEqual([]);
  });

  test('that somebody is reading is not waited for: nobody is held up, the rest is done, and the next run takes it', async () => {
    const place = await newPair();
    // no partition exists for that day
    nowMs += 9 * DAY_MS;
    await send(place, 1);
    await acknowledgeAll(deviceOf(place.b, 0));
    const sentMs = nowMs + DAY_MS;
    nowMs = sentMs;
    await runJobs('make-partitions');
    await send(place, 1);
    nowMs += 6 * DAY_MS;
    const unpartitioned = () =>
      world.query('SELECT FROM delivery.messages_default WHERE day < $1', [dayOf(sentMs)]);
    expect(await unpartitioned()).not.toEqual([]);
    const reader = await world.pool.connect();
    try {
      await reader.query('BEGIN');
      await reader.query('SELECT count(*) FROM delivery.messages');
      const startedMs = performance.now();
      await expect(runJobs('drop-old')).rejects.toThrow('lock timeout');
      expect(performance.now() - startedMs).toBeLessThan(1900);
      await reader.query('COMMIT');
    } finally {
      reader.release();
    }
    expect(await unpartitioned()).toEqual([]);
    await runJobs('drop-old');
    expect(await partitions()).not.toContain(nameOf(sentMs));
  });

  test('that is ended leaves what the fan-out has not given out yet: it is given out days later', async () => {
    await runJobs('make-partitions');
    const place = await newPair();
    const sentMs = nowMs;
    const [{ id } = { id: 0 }] = await world.query<{ id: number }>(
      `UPDATE delivery.conversations SET fanout = 'outbox' WHERE ext_id = $1 RETURNING id`,
      [place.conversation],
    );
    await send(place, 2);
    for (let day = 0; day < 8; day += 1) {
      nowMs += DAY_MS;
      await runJobs();
    }
    expect(await partitions()).not.toContain(nameOf(sentMs));
    for (let outcome = 'more'; outcome === 'more'; ) {
      const how = { known: undefined, policy: DEFAULT_POLICY, nowMs };
      outcome = (await withTransaction(world.pool, (client) => expand(client, id, how))).outcome;
    }
    const given = await world.mailbox(deviceOf(place.b, 0));
    expect(given.map(({ body }) => body?.length)).toEqual([500, 500]);
    await acknowledgeAll(deviceOf(place.b, 0));
    await runJobs();
    expect(await bodiesOf(place)).toBe(0);
  });

  test('is ended while another one is being vacuumed', async () => {
    const sentMs = nowMs;
    await runJobs('make-partitions');
    nowMs += 6 * DAY_MS;
    await runJobs('make-partitions');
    const vacuum = new Client(world.ownerUrl);
    await vacuum.connect();
    try {
      await vacuum.query(`BEGIN; LOCK TABLE ${nameOf(nowMs)} IN SHARE UPDATE EXCLUSIVE MODE`);
      await runJobs('drop-old');
    } finally {
      await vacuum.end();
    }
    expect(await partitions()).not.toContain(nameOf(sentMs));
  });
});

describe('what somebody is at', () => {
  /** Locks the pointers of a device, like an acknowledgement that is not committed yet. */
  async function whileAcknowledging(
    reader: Endpoint,
    seqs: number[],
    work: () => Promise<void>,
  ): Promise<void> {
    const client = await world.pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('DELETE FROM delivery.mailbox WHERE device_id = $1 AND seq = ANY($2)', [
        reader.device,
        seqs,
      ]);
      const startedMs = performance.now();
      await work();
      // waiting for a lock would take two seconds
      expect(performance.now() - startedMs).toBeLessThan(1900);
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
  }

  test('does not hold up expiry, and no content goes whose pointer was passed over', async () => {
    const place = await newPair();
    const reader = deviceOf(place.b, 0);
    await send(place, 3, { expires_at: Math.floor(nowMs / 1000) + 60 });
    nowMs += 61_000;
    await whileAcknowledging(reader, [3], () => runJobs('expire-messages'));
    expect((await world.mailbox(reader)).map(({ seq, body }) => [seq, body?.length])).toEqual([[3, 500]]);
    await runJobs('expire-messages');
    expect(await world.mailbox(reader)).toEqual([]);
    expect(await bodiesOf(place)).toBe(0);
  });

  test('does not hold up the end of the retention', async () => {
    const place = await newPair();
    const reader = deviceOf(place.b, 0);
    await send(place, 3);
    nowMs += 31 * DAY_MS;
    await whileAcknowledging(reader, [2], () => runJobs('drop-old'));
    expect((await world.mailbox(reader)).map(({ seq }) => seq)).toEqual([2]);
    await runJobs('drop-old');
    expect(await world.mailbox(reader)).toEqual([]);
  });
});

async function measure(): Promise<{ bytes: number; partitions: number; dead: number }> {
  const [row] = await world.query<{ bytes: number; partitions: number; dead: number }>(
    `SELECT (SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE n.nspname = 'delivery' AND c.relkind = 'r') AS bytes,
            (SELECT count(*) FROM pg_inherits WHERE inhparent = 'delivery.messages'::regclass) AS partitions,
            (SELECT coalesce(sum(n_dead_tup), 0)::bigint FROM pg_stat_user_tables WHERE schemaname = 'delivery') AS dead`,
  );
  if (!row) throw new Error('no figures');
  return row;
}
