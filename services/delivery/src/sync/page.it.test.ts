import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { PoisonError } from '@securechat/kernel';
import { createTestClock } from '@securechat/kernel/testing';
import { SYNC_PAGE_BYTES, SYNC_PAGE_ITEMS } from '@securechat/protocol';
import { type Ask, unpackEntry } from '@securechat/protocol/internal';
import { ackFrom, chatFrom, deviceOf, type Endpoint, type Place, readBy } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { answerSync } from './answer.ts';
import { createPages, type Page } from './page.ts';

let world: World;
let place: Place;
let sender: Endpoint;
let reader: Endpoint;
let pairs = 0;
let clientSeq = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());
/** The reader's mailbox holds the creation, seq 1. */
beforeEach(async () => {
  const pair = ++pairs;
  place = await world.connect(await world.addPerson(`alice${pair}`), await world.addPerson(`bob${pair}`));
  [sender, reader] = [deviceOf(place.a, 0), deviceOf(place.b, 0)];
  clientSeq = 0;
});

async function send(count: number, changes: Parameters<typeof chatFrom>[3] = {}): Promise<void> {
  await world.run(Array.from({ length: count }, () => chatFrom(sender, place, ++clientSeq, changes)));
}

type PageAsk = Extract<Ask<'delivery'>, { kind: 'page' }>;

function ask(changes: Partial<PageAsk> = {}, nowMs = Date.now()): Promise<Page> {
  const { device, user } = reader;
  const question = {
    kind: 'page' as const,
    device,
    user,
    from: 0,
    ack: false,
    limit: SYNC_PAGE_ITEMS,
    ...changes,
  };
  return createPages(world.pool)(question, nowMs);
}
const seqsOf = (page: Page): number[] => page.head.items.map(({ seq }) => seq);
const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

describe('a page', () => {
  test('has the items after the cursor in order, each with what its frame needs, and the bodies in the same order', async () => {
    await send(2, { body: 'hello' });
    const page = await ask();
    expect(page.head).toEqual({
      through: 3,
      more: false,
      mailbox_epoch: 1,
      items: [
        { type: 'group_create', seq: 1, conv_seq: 1, at: expect.any(Number) },
        { type: 'chat', seq: 2, conv_seq: 2, at: expect.any(Number) },
        { type: 'chat', seq: 3, conv_seq: 3, at: expect.any(Number) },
      ],
    });
    expect(page.bodies.map(String)).toEqual([`welcome of ${place.a.name}`, 'hello', 'hello']);
    expect(seqsOf(await ask({ from: 2 }))).toEqual([3]);
  });

  test('ends after 200 items, and the next one goes on', async () => {
    await send(250);
    const first = await ask({ limit: 100_000 });
    expect(seqsOf(first)).toEqual(range(1, 200));
    expect(first.head).toMatchObject({ through: 200, more: true });
    const second = await ask({ from: first.head.through });
    expect(seqsOf(second)).toEqual(range(201, 251));
    expect(second.head).toMatchObject({ through: 251, more: false });
  });

  test('that just holds all says that there is no more', async () => {
    await send(199);
    expect((await ask()).head).toMatchObject({ through: 200, more: false });
    expect((await ask({ limit: 199 })).head).toMatchObject({ through: 199, more: true });
  });

  test('ends with the item that reaches 256 KiB', async () => {
    await send(7, { body: Buffer.alloc(60 * 1024, 1) });
    const first = await ask({ from: 1 });
    expect(seqsOf(first)).toEqual([2, 3, 4, 5, 6]);
    expect(first.head).toMatchObject({ through: 6, more: true });
    const bytes = first.bodies.reduce((sum, body) => sum + body.length, 0);
    expect(bytes).toBeLessThan(SYNC_PAGE_BYTES + 64 * 1024);
    expect(seqsOf(await ask({ from: 6 }))).toEqual([7, 8]);
  });

  test('passes what has expired and what has no body any more, at the end too', async () => {
    const nowMs = Date.now();
    await send(1);
    await send(2, { expires_at: Math.floor(nowMs / 1000) + 60 });
    await send(1);
    await send(1, { expires_at: Math.floor(nowMs / 1000) + 60 });
    await world.query(`UPDATE delivery.messages SET body = NULL WHERE sender_device = $1 AND conv_seq = 2`, [
      sender.device,
    ]);
    expect(seqsOf(await ask({}, nowMs))).toEqual([1, 3, 4, 5, 6]);
    const later = await ask({}, nowMs + 61_000);
    expect(seqsOf(later)).toEqual([1, 5]);
    expect(later.bodies).toHaveLength(2);
    expect(later.head).toMatchObject({ through: 6, more: false });
  });

  test('of nothing but expired messages still leads on', async () => {
    await send(5, { expires_at: Math.floor(Date.now() / 1000) + 60 });
    await send(1);
    const laterMs = Date.now() + 61_000;
    const first = await ask({ from: 1, limit: 3 }, laterMs);
    expect(first.head).toMatchObject({ items: [], through: 4, more: true });
    expect(seqsOf(await ask({ from: 4, limit: 3 }, laterMs))).toEqual([7]);
  });

  test('of a pointer whose message is gone with its day passes it', async () => {
    await send(2);
    await world.query('DELETE FROM delivery.messages WHERE sender_device = $1 AND conv_seq = 2', [
      sender.device,
    ]);
    expect(seqsOf(await ask())).toEqual([1, 3]);
  });
});

describe('cursors', () => {
  test('an empty mailbox leads to its head', async () => {
    await world.run([ackFrom(reader, 1)]);
    expect((await ask()).head).toEqual({ through: 1, more: false, mailbox_epoch: 1, items: [] });
    expect((await ask({ from: 1 })).head).toEqual({ through: 1, more: false, mailbox_epoch: 1, items: [] });
  });

  test('a device without a mailbox gets an empty page', async () => {
    const page = await ask({ device: 987_654, from: 5, ack: true });
    expect(page).toEqual({
      head: { through: 0, more: false, mailbox_epoch: 1, items: [] },
      bodies: [],
      moved: [],
    });
  });

  test('one beyond the head is no acknowledgement: what waits is sent', async () => {
    await send(1);
    const page = await ask({ from: 1000, ack: true });
    expect(seqsOf(page)).toEqual([1, 2]);
    expect(page.head.through).toBe(2);
    await send(1);
    expect(seqsOf(await ask({ from: 2 }))).toEqual([3]);
    const [row] = await world.query('SELECT acked_seq FROM delivery.device_acks WHERE device_id = $1', [
      reader.device,
    ]);
    expect(row).toEqual({ acked_seq: 0 });
  });

  test('one beyond the head that acknowledges nothing leads to the head', async () => {
    await send(1);
    expect((await ask({ from: 1000 })).head).toMatchObject({ through: 2, more: false, items: [] });
    expect(await world.mailbox(reader)).toHaveLength(2);
  });

  test('with `ack` what lies before is forgotten and the mark moves, once', async () => {
    await send(3);
    const page = await ask({ from: 3, ack: true });
    expect(seqsOf(page)).toEqual([4]);
    expect(page.moved).toEqual([expect.objectContaining({ user_id: place.b.name, delivered_through: 3 })]);
    expect((await world.mailbox(reader)).map(({ seq }) => seq)).toEqual([4]);
    expect((await ask({ from: 3, ack: true })).moved).toEqual([]);
    expect((await ask({ from: 1, ack: true })).moved).toEqual([]);
    expect(seqsOf(await ask({ from: 1 }))).toEqual([4]);
  });

  test('without `ack` nothing is forgotten', async () => {
    await send(3);
    await ask({ from: 3 });
    expect(await world.mailbox(reader)).toHaveLength(4);
  });

  test('one of another mailbox epoch says nothing: everything that is not acknowledged comes again', async () => {
    await send(4);
    await world.run([ackFrom(reader, 2)]);
    await world.query('UPDATE delivery.settings SET mailbox_epoch = 2');
    try {
      const page = await ask({ from: 5, ack: true, mailbox_epoch: 1 });
      expect(seqsOf(page)).toEqual([3, 4, 5]);
      expect(page.head).toMatchObject({ through: 5, mailbox_epoch: 2 });
      expect(page.moved).toEqual([]);
      expect(seqsOf(await ask({ from: 4, ack: true, mailbox_epoch: 2 }))).toEqual([5]);
    } finally {
      await world.query('UPDATE delivery.settings SET mailbox_epoch = 1');
    }
  });
});

test('whatever is committed between and during pages, a reader that follows `through` misses nothing and gets nothing twice', async () => {
  const other = await world.connect(place.b, await world.addPerson(`charlie${pairs}`));
  const total = { batches: 40, perBatch: 3 };
  let isOver = false;
  const writing = Promise.all(
    [place, other].map(async (target) => {
      const client = await world.openClient();
      const from = target === place ? sender : deviceOf(other.b, 0);
      let next = 0;
      for (let batch = 0; batch < total.batches; batch += 1) {
        const records = range(1, total.perBatch).map(() =>
          chatFrom(from, target, ++next, { body: `${from.device} ${next}` }),
        );
        await world.run(records, { client });
      }
    }),
  ).finally(() => {
    isOver = true;
  });

  const seen: { seq: number; body: string }[] = [];
  let from = 0;
  for (let pages = 0; ; pages += 1) {
    const wasOver = isOver;
    // limits of all sizes, and every third page acknowledges the previous ones
    const page = await ask({ from, limit: 1 + ((pages * 7) % 25), ack: pages % 3 === 0 });
    page.head.items.forEach(({ seq }, index) => {
      seen.push({ seq, body: String(page.bodies[index]) });
    });
    expect(page.head.through).toBeGreaterThanOrEqual(seen.at(-1)?.seq ?? 0);
    from = page.head.through;
    if (wasOver && !page.head.more) break;
  }
  await writing;
  // plus the first creation: the second was made by the reader's own device
  const count = 2 * total.batches * total.perBatch + 1;
  expect(seen.map(({ seq }) => seq)).toEqual(range(1, count));
  for (const device of [sender.device, deviceOf(other.b, 0).device]) {
    const own = seen.map(({ body }) => body).filter((body) => body.startsWith(`${device} `));
    expect(own).toEqual(range(1, total.batches * total.perBatch).map((next) => `${device} ${next}`));
  }
});

describe('receipts since', () => {
  test('are the marks of all members that moved since then, with a minute of overlap', async () => {
    await send(2);
    await world.run([ackFrom(reader, 3), readBy(reader, place.conversation, 2)]);
    const nowMs = Date.now();
    const mark = {
      conversation_id: place.conversation,
      user_id: place.b.name,
      delivered_through: 3,
      read_through: 2,
    };
    expect((await ask({ receipts_since_ms: nowMs })).head.receipts).toEqual([mark]);
    expect((await ask({ device: sender.device, receipts_since_ms: nowMs - 60_000 })).head.receipts).toEqual([
      mark,
    ]);
    expect((await ask({ receipts_since_ms: nowMs + 70_000 })).head.receipts).toEqual([]);
    expect((await ask()).head).not.toHaveProperty('receipts');
  });

  test('are not told to a device that is not in the conversation', async () => {
    await world.run([ackFrom(reader, 1)]);
    const stranger = deviceOf(await world.addPerson(`stranger${pairs}`), 0);
    expect((await ask({ device: stranger.device, receipts_since_ms: 0 })).head.receipts).toEqual([]);
  });
});

describe('answers', () => {
  const marks: unknown[] = [];
  const parts = () => ({
    pool: world.pool,
    pages: createPages(world.pool),
    clock: createTestClock(Date.now()),
    receipts: { add: (moved: readonly unknown[]) => void marks.push(...moved), stop: async () => {} },
  });
  const answerTo = (question: object) => answerSync(parts(), { body: Buffer.from(JSON.stringify(question)) });

  test('to `page`: the head, then the bodies; moved marks go on as receipts', async () => {
    await send(1, { body: 'two' });
    const { device, user } = reader;
    const entry = await answerTo({ kind: 'page', device, user, from: 1, ack: true, limit: 10 });
    const [head, ...bodies] = unpackEntry(entry).map(({ body }) => Buffer.from(body).toString());
    expect(JSON.parse(head ?? '')).toMatchObject({ through: 2, items: [{ seq: 2 }] });
    expect(bodies).toEqual(['two']);
    expect(marks).toEqual([expect.objectContaining({ delivered_through: 1 })]);
  });

  test('to `heads`: the newest number of each mailbox there is', async () => {
    await send(3);
    const entry = await answerTo({ kind: 'heads', devices: [reader.device, 987_654, sender.device] });
    const [head] = unpackEntry(entry).map(({ body }) => JSON.parse(Buffer.from(body).toString()));
    expect(new Map(head.heads)).toEqual(
      new Map([
        [reader.device, 4],
        [sender.device, 0],
      ]),
    );
  });

  test('not to a question of unknown kind', async () => {
    const { device, user } = reader;
    for (const kind of ['Page', 'toString', undefined]) {
      await expect(answerTo({ kind, device, user, from: 0, ack: false, limit: 1 })).rejects.toThrow(
        PoisonError,
      );
    }
  });
});
