import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createMetrics, systemClock } from '@securechat/kernel';
import { runBatch } from '@securechat/kernel/testing';
import { deliveryMetrics } from '../metrics.ts';
import { createBatchHandler } from '../process-batch.ts';
import { DEFAULT_POLICY, type Policy } from '../rules/policy.ts';
import { createPages } from '../sync/page.ts';
import {
  ackFrom,
  chatFrom,
  createBy,
  createGroup,
  deviceOf,
  type Endpoint,
  type Place,
} from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import type { Mark } from './watermarks.ts';

let world: World;
let people = 0;
/** Two people who write to bob, whose phone is offline and whose laptop is online. */
let flood: Place;
let other: Place;
let phone: Endpoint;
let laptop: Endpoint;
let clientSeqs: Map<Place, number>;

const policy: Policy = { ...DEFAULT_POLICY, maxWaitingMessages: 100, maxWaitingBytes: 100_000 };

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  const name = (text: string) => `${text}${++people}`;
  const bob = await world.addPerson(name('bob'));
  [phone, laptop] = [deviceOf(bob, 0), deviceOf(bob, 1)];
  flood = await world.connect(await world.addPerson(name('mallory'), 1), bob);
  other = await world.connect(await world.addPerson(name('alice'), 1), bob);
  clientSeqs = new Map();
});

async function send(place: Place, count: number, body = 'hello') {
  const first = (clientSeqs.get(place) ?? 0) + 1;
  clientSeqs.set(place, first + count - 1);
  const records = Array.from({ length: count }, (_, index) =>
    chatFrom(deviceOf(place.a, 0), place, first + index, { body }),
  );
  const { plan, answers } = await world.run(records, { policy });
  expect(answers.every(({ kind }) => kind === 'stored')).toBe(true);
  return plan;
}

async function pageOf({ user, device }: Endpoint) {
  const ask = { kind: 'page' as const, device, user, from: 0, ack: false, limit: 200 };
  const { head, bodies } = await createPages(world.pool)(ask, Date.now());
  return { head, entries: bodies.map(String).filter((body) => body.includes('history_truncated')) };
}
const acknowledge = (device: Endpoint) => world.run([ackFrom(device, Number.MAX_SAFE_INTEGER)]);
const kinds = async (device: Endpoint) =>
  (await pageOf(device)).head.items.map(({ type, conv_seq }) => `${type} ${conv_seq}`);

describe('a mailbox that holds more than it may', () => {
  test('loses the conversation that fills it, not the one whose message came last; one entry says so, in its place', async () => {
    await send(other, 20);
    await send(flood, 77);
    expect((await send(other, 1)).cut).toEqual([]);
    // 101 including the two creations
    const plan = await send(other, 1);
    expect(plan.cut.toSorted()).toEqual([phone.device, laptop.device].toSorted());
    await send(flood, 2);
    await send(other, 1);
    const page = await pageOf(phone);
    const of = (first: number, last: number) =>
      Array.from({ length: last - first + 1 }, (_, index) => `chat ${first + index}`);
    expect(await kinds(phone)).toEqual([
      ...['group_create 1', 'group_create 1'],
      ...of(2, 23),
      ...['history_truncated 78', 'chat 79', 'chat 80', 'chat 24'],
    ]);
    expect(page.entries.map((entry) => JSON.parse(entry))).toEqual([
      { type: 'history_truncated', conversation_id: flood.conversation, dropped: 77 },
    ]);
    const seqs = page.head.items.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(page.head).toMatchObject({ more: false, through: seqs.at(-1) });
  });

  test('is judged by bytes as well', async () => {
    await send(other, 30);
    await send(flood, 3, 'x'.repeat(33_000));
    expect((await pageOf(phone)).entries).toEqual([]);
    await send(flood, 1, 'x'.repeat(33_000));
    expect((await pageOf(phone)).entries).toMatchObject([expect.stringContaining(flood.conversation)]);
    expect((await kinds(phone)).filter((kind) => kind.startsWith('chat'))).toHaveLength(30);
  });

  test('holds no more than it may, however long the flood goes on, and one entry for all of it', async () => {
    await send(other, 5);
    for (let batch = 0; batch < 8; batch += 1) {
      await send(flood, 60);
      const [row] = await world.query<{ n: number }>(
        'SELECT count(*) AS n FROM delivery.mailbox WHERE device_id = $1',
        [phone.device],
      );
      expect(row?.n).toBeLessThanOrEqual(policy.maxWaitingMessages + 1);
    }
    const { entries, head } = await pageOf(phone);
    expect(entries).toHaveLength(1);
    const left = head.items.filter(({ type, conv_seq }) => type === 'chat' && conv_seq > 6).length;
    expect(JSON.parse(entries[0] ?? '').dropped + left).toBe(8 * 60);
    expect((await kinds(phone)).slice(0, 7)).toEqual([
      'group_create 1',
      'group_create 1',
      ...[2, 3, 4, 5, 6].map((n) => `chat ${n}`),
    ]);
  });

  test('is that of one device: another one that keeps up gets everything', async () => {
    for (let batch = 0; batch < 3; batch += 1) {
      await send(flood, 60);
      expect((await pageOf(laptop)).entries).toEqual([]);
      await acknowledge(laptop);
    }
    expect((await pageOf(phone)).entries).toHaveLength(1);
  });

  test('goes on once it is read: nothing of it counts any more, and the entry moves no mark', async () => {
    await send(flood, 120);
    const marks = async () =>
      world.query(
        `SELECT delivered_seq FROM delivery.conv_members m JOIN delivery.conversations c ON c.id = m.conv_id
          WHERE c.ext_id = $1 AND user_id = $2`,
        [flood.conversation, phone.user],
      );
    await acknowledge(phone);
    expect(await marks()).toEqual([{ delivered_seq: 1 }]);
    expect(await world.mailbox(phone)).toEqual([]);
    await send(flood, 99);
    expect((await pageOf(phone)).entries).toEqual([]);
    expect((await send(flood, 2)).cut).toContain(phone.device);
  });

  test('is counted before it is cut: what expired meanwhile does not count against anybody', async () => {
    await send(other, 50);
    await send(flood, 40);
    await world.query(
      `DELETE FROM delivery.mailbox b USING delivery.conversations c WHERE c.id = b.conv_id AND c.ext_id = $1`,
      [flood.conversation],
    );
    expect((await send(other, 45)).cut).toEqual([]);
    expect((await send(other, 10)).cut).toHaveLength(2);
  });

  test('has its turn when many are full at once: one batch cuts ten, the next ones the others', async () => {
    const crowd = await world.connect(
      await world.addPerson(`crowd${++people}`, 10),
      await world.addPerson(`crowd${++people}`, 10),
    );
    expect((await send(crowd, 150)).cut).toHaveLength(10);
    const { cut } = await send(crowd, 1);
    expect(cut).toHaveLength(9);
    expect((await send(crowd, 1)).cut).toEqual([]);
  });

  test.each(['written', 'read'])(
    'keeps the conversation where its user has %s, however many small ones a stranger begins',
    async (what) => {
      await send(other, 30);
      if (what === 'written') await world.run([chatFrom(laptop, other, 1)], { policy });
      else {
        const [row] = await world.query<{ n: number }>(
          `UPDATE delivery.conv_members m SET delivered_seq = 2, read_seq = 2 FROM delivery.conversations c
          WHERE c.id = m.conv_id AND c.ext_id = $1 AND m.user_id = $2 RETURNING 1 AS n`,
          [other.conversation, phone.user],
        );
        expect(row).toBeDefined();
      }
      const mallory = flood.a;
      for (let n = 0; n < 12; n += 1) {
        const group = createGroup([mallory, flood.b]);
        const { conversation } = group.value.head as { conversation: string };
        await world.run([group], { policy });
        const place: Place = { ...flood, conversation };
        const to = { to: conversation };
        await world.run(
          Array.from({ length: 9 }, (_, index) => chatFrom(deviceOf(mallory, 0), place, index + 1, to)),
          { policy },
        );
      }
      const { entries } = await pageOf(phone);
      expect(entries.length).toBeGreaterThan(1);
      expect(entries.join()).not.toContain(other.conversation);
      const written = what === 'written' ? 1 : 0;
      const [kept] = await world.query<{ n: number }>(
        `SELECT count(*) AS n FROM delivery.mailbox b JOIN delivery.conversations c ON c.id = b.conv_id
        WHERE b.device_id = $1 AND c.ext_id = $2 AND b.conv_seq > 1`,
        [phone.device, other.conversation],
      );
      expect(kept?.n).toBe(30 + written);
    },
  );

  test('of nothing but new conversations loses the creations too, in the end', async () => {
    const small = { ...policy, maxWaitingMessages: 3 };
    for (let n = 0; n < 3; n += 1) {
      const stranger = await world.addPerson(`stranger${++people}`, 1);
      const bob = { ...flood.b, devices: [phone] };
      await world.run([createBy(stranger, bob)], { policy: small });
    }
    const all = await kinds(phone);
    expect(all.filter((kind) => kind.startsWith('group_create'))).toHaveLength(3);
    expect(all.filter((kind) => kind.startsWith('history_truncated'))).toHaveLength(2);
  });

  test('is cut in the transaction that filled it, as the service runs it, and what it did is told after that', async () => {
    const told: { cut: number[]; announced: number[]; moved: Mark[] }[] = [];
    const metrics = deliveryMetrics(createMetrics('delivery'));
    const handler = createBatchHandler({
      publisher: {
        publish: ({ cut }) => void told.push({ cut: [...cut], announced: [], moved: [] }),
        deliver: () => {},
        announce: (devices) => void told.at(-1)?.announced.push(...devices),
        room: async () => {},
        settled: async () => {},
        send: () => {},
        start: () => {},
        stop: async () => {},
      },
      receipts: { add: (marks) => void told.at(-1)?.moved.push(...marks), stop: async () => {} },
      fanout: { wake: () => {} },
      clock: systemClock,
      metrics,
      policy,
    });
    await world.query(`INSERT INTO delivery.stream_cursors (stream, fence) VALUES ('s', 1)`);
    const client = await world.openClient();
    const batch = (n: number, first: number, last: number) => ({
      records: [
        ackFrom(laptop, n),
        ...Array.from({ length: last - first + 1 }, (_, index) =>
          chatFrom(deviceOf(flood.a, 0), flood, first + index),
        ),
      ],
      unreadable: [],
      from: new Map([['s', `${n - 1}-0`]]),
      cursors: new Map([['s', `${n}-0`]]),
    });
    const run = async (each: ReturnType<typeof batch>) => {
      const outcome = await runBatch(client, 'delivery', each, new Map([['s', 1]]), handler);
      if ('processed' in outcome) for (const part of outcome.processed) part.publish();
    };
    await run(batch(1, 1, 120));
    const [written] = await world.query<{ cursor: string; entries: string[] }>(
      `SELECT xmin::text AS cursor, ARRAY(SELECT xmin::text FROM delivery.mailbox
                WHERE dropped IS NOT NULL AND device_id IN ($1, $2)) AS entries
         FROM delivery.stream_cursors WHERE stream = 's'`,
      [phone.device, laptop.device],
    );
    expect(written?.entries).toEqual([written?.cursor, written?.cursor]);
    await run(batch(2, 121, 125));
    const both = [phone.device, laptop.device].toSorted();
    expect(told.map(({ cut }) => cut.toSorted())).toEqual([both, []]);
    expect(told.map(({ announced }) => announced.toSorted())).toEqual([both, []]);
    expect(told[0]?.moved).toHaveLength(1);
    expect((await kinds(phone)).slice(-5)).toEqual([122, 123, 124, 125, 126].map((n) => `chat ${n}`));
    expect(await world.query('SELECT FROM delivery.dead_letters')).toEqual([]);
  });
});
