import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MAX_BLOCKED_USERS } from '@securechat/protocol';
import type { OutRecord } from '@securechat/protocol/internal';
import { until } from '@securechat/testkit';
import { Client } from 'pg';
import { decideBatch, lockForBatch } from '../decide-batch.ts';
import { createPages } from '../sync/page.ts';
import {
  type Account,
  ackFrom,
  chatFrom,
  createBy,
  createGroup,
  deviceOf,
  type Endpoint,
  groupChat,
  inShort,
  type Place,
  type Rec,
  readBy,
} from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { addBlock, listBlocks, removeBlock } from './blocks.ts';
import { readGroupInfo } from './group-info.ts';
import { writeBatch } from './write-batch.ts';

let world: World;
let place: Place;
let alice: Endpoint;
let bob: Endpoint;
let people = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());
beforeEach(async () => {
  place = await world.connect(await newcomer(), await newcomer());
  [alice, bob] = [deviceOf(place.a, 0), deviceOf(place.b, 0)];
});

const newcomer = (): Promise<Account> => world.addPerson(`person${++people}`);
const bobBlocks = (name = place.a.name) => addBlock(world.pool, place.b.user, name);
const bobUnblocks = (name = place.a.name) => removeBlock(world.pool, place.b.user, name);
const answersTo = async (...records: Rec[]) => (await world.run(records)).answers.map(inShort);

const isWaiting = async () =>
  (
    await world.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    )
  ).length > 0;

/** An answer without what identifies the question. */
function anonymous(answer: OutRecord | undefined): string {
  if (answer?.kind !== 'refused') throw new Error(`not refused: ${JSON.stringify(answer)}`);
  return JSON.stringify({ ...answer, connection: 0, detail: { ...answer.detail, reference_id: '' } });
}

describe('a message', () => {
  test('to somebody who blocks is refused in the same bytes as one to nobody, to a disabled account, to no device', async () => {
    const [disabled, deviceless] = [
      await world.connect(place.a, await newcomer()),
      await world.connect(place.a, await newcomer()),
    ];
    await world.query(`UPDATE auth.users SET state = 'disabled' WHERE id = $1`, [disabled.b.user]);
    await world.query('UPDATE delivery.conv_devices SET left_seq = 2 WHERE user_id = $1', [
      deviceless.b.user,
    ]);
    await bobBlocks();
    const nowhere = { ...place, conversation: 'c_nowhere' };
    const stale = { epoch: 7, client_seq: 9, expires_at: 1 };
    for (const changes of [{}, stale]) {
      const { answers } = await world.run(
        [place, nowhere, disabled, deviceless].map((to) => chatFrom(alice, to, 1, changes)),
      );
      expect(new Set(answers.map(anonymous)).size).toBe(1);
      expect(answers).toHaveLength(4);
    }
    expect(await answersTo(chatFrom(alice, place, 1))).toEqual(['PERMISSION_DENIED']);
  });

  test('that is refused so leaves nothing behind, uses up no client_seq and disturbs no other', async () => {
    const other = await world.connect(place.a, await newcomer());
    await bobBlocks();
    expect(
      await answersTo(chatFrom(alice, place, 1), chatFrom(alice, other, 1), chatFrom(alice, place, 1)),
    ).toEqual(['PERMISSION_DENIED', 'stored 2', 'PERMISSION_DENIED']);
    expect((await world.mailbox(bob)).map(({ conv_seq }) => conv_seq)).toEqual([1]);
    await bobUnblocks();
    expect(await answersTo(chatFrom(alice, place, 1))).toEqual(['stored 2']);
    expect((await world.mailbox(bob)).map(({ seq }) => seq)).toEqual([1, 2]);
  });

  test('of the one who blocks is refused as well: nobody writes to whom may not answer', async () => {
    await bobBlocks();
    expect(await answersTo(chatFrom(bob, place, 1))).toEqual(['PERMISSION_DENIED']);
    await bobUnblocks();
    expect(await answersTo(chatFrom(bob, place, 1))).toEqual(['stored 2']);
  });

  test('that was stored before the block is delivered, and a retry of it gets its first answer', async () => {
    const before = chatFrom(alice, place, 1);
    await world.run([before]);
    await bobBlocks();
    expect(await answersTo(before, chatFrom(alice, place, 2))).toEqual([
      'stored 2 again',
      'PERMISSION_DENIED',
    ]);
    const { device, user } = bob;
    const page = await createPages(world.pool)(
      { kind: 'page', device, user, from: 0, ack: false, limit: 9 },
      Date.now(),
    );
    expect(page.head.items.map(({ conv_seq }) => conv_seq)).toEqual([1, 2]);
    await world.run([ackFrom(bob, 2)]);
    expect(await world.mailbox(bob)).toEqual([]);
  });

  test('is refused only while somebody of its own conversation blocks', async () => {
    const other = await world.connect(place.a, await newcomer());
    await addBlock(world.pool, other.b.user, place.b.name);
    await bobBlocks(other.b.name);
    expect(await answersTo(chatFrom(alice, place, 1), chatFrom(alice, other, 1))).toEqual([
      'stored 2',
      'stored 2',
    ]);
  });
});

describe('a creation', () => {
  test('with somebody who blocks, or is blocked, is refused like one with nobody, conversation or not', async () => {
    const [shy, stranger] = [await newcomer(), await newcomer()];
    await addBlock(world.pool, shy.user, place.a.name);
    await bobBlocks();
    const nobody = { ...stranger, name: 'nobody', devices: [{ ...bob, address: 'nobody:phone' }] };
    const attempts = [shy, place.b, nobody].map((peer) => createBy(place.a, peer));
    const byBlockers = [createBy(shy, place.a), createBy(place.b, place.a)];
    const { answers } = await world.run([...attempts, ...byBlockers]);
    expect(new Set(answers.map(anonymous)).size).toBe(1);
    expect(await answersTo(createBy(place.a, shy))).toEqual(['PERMISSION_DENIED']);
    expect(
      await world.query('SELECT FROM delivery.conversations WHERE $1 IN (low_user, high_user)', [shy.user]),
    ).toEqual([]);
    await bobUnblocks();
    expect(await answersTo(createBy(place.a, place.b))).toEqual([
      `CONVERSATION_EXISTS {"conversation_id":"${place.conversation}","epoch":0}`,
    ]);
  });

  test('by somebody who was blocked before the account existed is refused', async () => {
    await bobBlocks('latecomer');
    const latecomer = await world.addPerson('latecomer');
    expect(await answersTo(createBy(latecomer, place.b))).toEqual(['PERMISSION_DENIED']);
  });
});

describe('marks', () => {
  const receiptsSeenBy = async ({ device, user }: Endpoint, sinceMs: number) => {
    const ask = {
      kind: 'page' as const,
      device,
      user,
      from: 0,
      ack: false,
      limit: 1,
      receipts_since_ms: sinceMs,
    };
    return (await createPages(world.pool)(ask, Date.now())).head.receipts ?? [];
  };

  test('of the one who blocks are not told to the other one, only to their own devices; after it they are', async () => {
    await bobBlocks();
    await world.run([ackFrom(bob, 1), readBy(bob, place.conversation, 1)]);
    const mark = { user_id: place.b.name, delivered_through: 1, read_through: 1 };
    expect(await receiptsSeenBy(alice, 0)).toEqual([]);
    expect(await receiptsSeenBy(deviceOf(place.b, 1), 0)).toMatchObject([mark]);
    await world.query(`UPDATE delivery.conv_members SET marked_at = now() - interval '1 hour'`);
    await bobUnblocks();
    expect(await receiptsSeenBy(alice, Date.now())).toMatchObject([mark]);
  });

  test('of the one who blocks stand still, and no question tells it from an account that is gone', async () => {
    const gone = await world.connect(place.a, await newcomer());
    const group = createGroup([place.a, place.b, gone.b]);
    await world.run([chatFrom(alice, place, 1), chatFrom(alice, gone, 1), group]);
    const other = deviceOf(gone.b, 0);
    for (const [who, where] of [
      [bob, place],
      [other, gone],
    ] as const)
      await world.run([ackFrom(who, 3), readBy(who, where.conversation, 2)]);
    const later = (group.value.head as { conversation: string }).conversation;
    const standing = await world.standing(later);
    await bobBlocks();
    await world.query(`UPDATE auth.users SET state = 'disabled' WHERE id = $1`, [gone.b.user]);
    await world.run([groupChat(alice, standing, 1), groupChat(alice, standing, 2)]);
    await world.run([ackFrom(bob, 5), readBy(bob, later, 3), readBy(bob, place.conversation, 2)]);
    const told = async (conversation: string, name: string) => {
      const ask = { kind: 'group_info' as const, device: alice.device, conversation, after: '', limit: 9 };
      const info = await readGroupInfo(world.pool, ask);
      const { delivered_through, read_through } = info?.members.find((one) => one.user_id === name) ?? {};
      const seen = (await receiptsSeenBy(alice, 0)).find(
        (mark) => mark.conversation_id === conversation && mark.user_id === name,
      );
      return { delivered_through, read_through, resumed: [seen?.delivered_through, seen?.read_through] };
    };
    const stood = { delivered_through: 2, read_through: 2, resumed: [2, 2] };
    expect(await told(place.conversation, place.b.name)).toEqual(stood);
    expect(await told(gone.conversation, gone.b.name)).toEqual(stood);
    expect(await told(later, place.b.name)).toEqual(await told(later, gone.b.name));
    await bobUnblocks();
    expect(await told(later, place.b.name)).toMatchObject({ delivered_through: 3, read_through: 3 });
    expect(await world.query('SELECT FROM delivery.hidden_marks WHERE user_id = $1', [bob.user])).toEqual([]);
  });

  test('of the other one are told as ever', async () => {
    await bobBlocks();
    await world.run([ackFrom(deviceOf(place.a, 1), 1)]);
    expect(await receiptsSeenBy(bob, 0)).toMatchObject([{ user_id: place.a.name, delivered_through: 1 }]);
  });
});

test('unblocking and acknowledging lock the members of many conversations in one order: none waits for the other for ever', async () => {
  const names = [place.a, place.b];
  for (let n = 0; n < 20; n += 1) await world.run([createGroup(names)]);
  await bobBlocks();
  const rows = await world.query<{ conv_id: number }>(
    'SELECT conv_id FROM delivery.conv_members WHERE user_id = $1 ORDER BY conv_id',
    [bob.user],
  );
  const [lowest, highest] = [rows[0]?.conv_id, rows.at(-1)?.conv_id];
  const lock = 'SELECT FROM delivery.conv_members WHERE user_id = $1 AND conv_id = $2 FOR UPDATE';
  for (const move of [() => world.run([ackFrom(bob, 21)]), () => bobUnblocks()]) {
    const holder = await world.pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(lock, [bob.user, lowest]);
      const moving = move();
      await until('it waits', isWaiting);
      // this would wait for anyone who already holds a later lock
      await holder.query(`SET LOCAL lock_timeout = '500ms'`);
      await holder.query(lock, [bob.user, highest]);
      await holder.query('COMMIT');
      await moving;
    } finally {
      holder.release(true);
    }
  }
});

describe('the list', () => {
  test('holds each name once, whoever it is, and loses it by unblocking; repeating changes nothing', async () => {
    for (const name of ['zoe', 'Anna', 'nobody', 'zoe', 'anna']) expect(await bobBlocks(name)).toBe(true);
    for (const name of ['nobody', 'nobody', 'never']) await bobUnblocks(name);
    const list = (after: string, limit: number) =>
      listBlocks(world.pool, { user: place.b.user, after, limit });
    expect(await list('', 10)).toEqual({ names: ['Anna', 'anna', 'zoe'], more: false });
    expect(await list('', 2)).toEqual({ names: ['Anna', 'anna'], more: true });
    expect(await list('anna', 2)).toEqual({ names: ['zoe'], more: false });
    expect(await listBlocks(world.pool, { user: place.a.user, after: '', limit: 9 })).toMatchObject({
      names: [],
    });
  });

  test('is full at its limit; what is in it may be repeated, and room can be made', async () => {
    await world.query(
      `INSERT INTO delivery.blocks (user_id, blocked_name) SELECT $1, 'n' || n FROM generate_series(1, $2::int) n`,
      [place.b.user, MAX_BLOCKED_USERS],
    );
    expect([await bobBlocks('one-more'), await bobBlocks('n7')]).toEqual([false, true]);
    await bobUnblocks('n8');
    expect([await bobBlocks('one-more'), await bobBlocks('n8')]).toEqual([true, false]);
  });
});

describe('nothing from whom was blocked is stored after the answer', () => {
  test.each([
    ['a message', async () => ({ record: chatFrom(alice, place, 1), blocker: bob.user })],
    [
      'a creation',
      async () => {
        const stranger = await newcomer();
        return { record: createBy(place.a, stranger), blocker: stranger.user };
      },
    ],
  ])('%s that is being stored is waited for', async (_, make) => {
    const { record, blocker } = await make();
    const client = await world.openClient();
    await client.query('BEGIN');
    const plan = await decideBatch(client, [record], Date.now());
    let answered = false;
    const blocking = addBlock(world.pool, blocker, place.a.name).then(() => {
      answered = true;
    });
    await until('the block waits, or does not', async () => answered || (await isWaiting()));
    await writeBatch(client, plan);
    expect(answered).toBe(false);
    await client.query('COMMIT');
    await blocking;
    expect(plan.answers.map((answer) => inShort(answer.record))).toEqual([expect.stringContaining('stored')]);
  });

  test('a message that waits for the conversation meanwhile is refused', async () => {
    const client = await world.openClient();
    const holder = new Client(world.url);
    await holder.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM delivery.conversations WHERE ext_id = $1 FOR UPDATE', [
        place.conversation,
      ]);
      const running = world.run([chatFrom(alice, place, 1)], { client });
      await until('it waits', isWaiting);
      await holder.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2)', [
        bob.user,
        place.a.name,
      ]);
      await holder.query('COMMIT');
      expect((await running).answers.map(inShort)).toEqual(['PERMISSION_DENIED']);
    } finally {
      await holder.end();
    }
  });
});

test('records that are processed one by one hold their locks first: a block that waits for one of them makes no circle', async () => {
  // the message locks the conversation that the block wants, the creation the name that the block holds
  const records = [chatFrom(alice, place, 1), createBy(place.a, await newcomer())];
  const client = await world.openClient();
  await client.query('BEGIN');
  await lockForBatch(client, records);
  const [message, creation] = records.map((record) => async () => {
    await writeBatch(client, await decideBatch(client, [record], Date.now()));
  });
  await message?.();
  const blocking = bobBlocks();
  await until('the block waits', isWaiting);
  await creation?.();
  await client.query('COMMIT');
  expect(await blocking).toBe(true);
  expect((await world.mailbox(bob)).map(({ conv_seq }) => conv_seq)).toEqual([1, 2]);
});
