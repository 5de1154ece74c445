import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createLogger, createMetrics, systemClock, withTransaction } from '@securechat/kernel';
import { openTestRedis, type TestRedis, until } from '@securechat/testkit';
import { deliveryMetrics } from '../metrics.ts';
import { DEFAULT_POLICY, type Policy } from '../rules/policy.ts';
import { leaveConversations } from '../store/entitlement.ts';
import { backToInline, findWaiting } from '../store/outbox.ts';
import { freeBodies, START } from '../store/retention.ts';
import { type DeliveryProcess, startDelivery } from '../testing/delivery-process.ts';
import { openGateway } from '../testing/gateway.ts';
import {
  type Account,
  chatFrom,
  createBy,
  createGroup,
  deviceOf,
  type Endpoint,
  groupChat,
  inShort,
  operate,
  type Standing,
} from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';
import { expand } from './expand.ts';
import { createFanout, type Fanout } from './fanout.ts';

/** Three devices make a conversation large here. */
const policy: Policy = { ...DEFAULT_POLICY, maxInlineDevices: 2 };

let world: World;
let people = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const newcomer = (devices = 1): Promise<Account> => world.addPerson(`person${++people}`, devices);
const phoneOf = (account: Account): Endpoint => deviceOf(account, 0);
const again = (group: Standing): Promise<Standing> => world.standing(group.conversation);
const run = async (...records: Parameters<World['run']>[0]): Promise<string[]> =>
  (await world.run(records, { policy })).answers.map(inShort);

async function found(...members: Account[]): Promise<Standing & { id: number }> {
  const record = createGroup(members);
  expect(await run(record)).toEqual(['stored 1']);
  const standing = await world.standing((record.value.head as { conversation: string }).conversation);
  return { ...standing, id: await numberOf(standing) };
}

async function numberOf({ conversation }: Standing): Promise<number> {
  const rows = await world.query<{ id: number }>('SELECT id FROM delivery.conversations WHERE ext_id = $1', [
    conversation,
  ]);
  return rows[0]?.id ?? 0;
}

/** Members with one device each, inserted without auth: `count` rows in each table. */
async function crowd(group: { id: number }, count: number): Promise<Endpoint[]> {
  const base = 1_000_000 * group.id;
  await world.query(
    `WITH devices AS (SELECT $2 + n AS id FROM generate_series(1, $3) n),
          members AS (INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
                      SELECT $1, id, 'crowd' || id, 1 FROM devices),
          entitled AS (INSERT INTO delivery.conv_devices (conv_id, device_id, user_id, joined_seq)
                       SELECT $1, id, id, 1 FROM devices),
          acks AS (INSERT INTO delivery.device_acks (device_id) SELECT id FROM devices)
     INSERT INTO delivery.device_queue (device_id, user_id) SELECT id, id FROM devices`,
    [group.id, base, count],
  );
  return Array.from({ length: count }, (_, index) => ({
    user: base + index + 1,
    device: base + index + 1,
    address: '',
  }));
}

const step = (id: number) =>
  withTransaction(world.pool, (client) =>
    expand(client, id, { known: undefined, policy, nowMs: Date.now() }),
  );
async function drain(id: number): Promise<number> {
  let steps = 0;
  for (; (await step(id)).outcome === 'more'; ) steps += 1;
  return steps;
}
const jobs = (id: number) =>
  world.query<{ conv_seq: number; after_device: number }>(
    'SELECT conv_seq, after_device FROM delivery.fanout_jobs WHERE conv_id = $1 ORDER BY conv_seq',
    [id],
  );
/** conv_seqs in the order of the mailbox. */
const placesFor = async (device: Endpoint): Promise<number[]> =>
  (await world.mailbox(device)).map(({ conv_seq }) => conv_seq);

/** A fan-out in this process whose pushes go nowhere. */
function startFanout(publisher: Partial<Parameters<typeof createFanout>[0]['publisher']>): Fanout {
  const fanout = createFanout({
    pool: world.pool,
    publisher: {
      deliver: () => undefined,
      announce: () => undefined,
      room: async () => undefined,
      settled: async () => undefined,
      ...publisher,
    },
    ...{ policy, concurrency: 1, clock: systemClock },
    logger: createLogger({ service: 'delivery', instance: 'test', level: 'silent' }),
    metrics: deliveryMetrics(createMetrics('delivery')),
  });
  fanout.start();
  return fanout;
}

test('a message to a large group is acknowledged with its job, and then given to each device once, in order', async () => {
  const [a, b, c] = [await newcomer(2), await newcomer(), await newcomer()];
  const group = await found(a, b, c);
  expect(
    await run(
      groupChat(phoneOf(a), group, 1),
      groupChat(phoneOf(b), group, 1),
      groupChat(phoneOf(a), group, 2),
    ),
  ).toEqual(['stored 2', 'stored 3', 'stored 4']);
  expect(await placesFor(phoneOf(c))).toEqual([]);
  expect(await jobs(group.id)).toHaveLength(4);
  const { outcome, deliveries } = await step(group.id);
  expect(outcome).toBe('more');
  expect(deliveries.map(({ convSeq, recipients }) => [convSeq, recipients.length])).toEqual([
    [1, 3],
    [2, 3],
    [3, 3],
    [4, 3],
  ]);
  await drain(group.id);
  expect(await placesFor(phoneOf(a))).toEqual([3]);
  expect(await placesFor(deviceOf(a, 1))).toEqual([1, 2, 3, 4]);
  expect(await placesFor(phoneOf(b))).toEqual([1, 2, 4]);
  expect(await placesFor(phoneOf(c))).toEqual([1, 2, 3, 4]);
  expect(await jobs(group.id)).toEqual([]);
});

test('who got a message is decided by its place, not by who is there when it is given out', async () => {
  const [a, b, c, d] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()];
  let group: Standing = await found(a, b, c);
  const id = await numberOf(group);
  await run(groupChat(phoneOf(a), group, 1));
  await run(
    operate(phoneOf(a), group, 'group_member_remove', {
      targets: [b.name],
      removed_devices: [phoneOf(b).address],
    }),
  );
  group = await again(group);
  await run(groupChat(phoneOf(a), group, 2));
  await run(
    operate(phoneOf(a), group, 'group_member_add', {
      targets: [d.name],
      added_devices: [phoneOf(d).address],
    }),
  );
  group = await again(group);
  await run(groupChat(phoneOf(a), group, 3));
  await drain(id);
  expect(await placesFor(phoneOf(b))).toEqual([1, 2, 3]);
  expect(await placesFor(phoneOf(c))).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await world.mailbox(phoneOf(d))).map(({ conv_seq, body }) => `${conv_seq} ${body}`)).toEqual([
    '5 welcome group_member_add',
    `6 message 3 of ${phoneOf(a).address}`,
  ]);
});

test('progress stands in the transaction of the pointers: what is rolled back is done again, once; messages that come meanwhile wait', async () => {
  const [a, b] = [await newcomer(), await newcomer(2)];
  const group = await found(a, b);
  await drain(group.id);
  const members = await crowd(group, 1000);
  await run(groupChat(phoneOf(a), group, 1), groupChat(phoneOf(a), group, 2));
  expect((await step(group.id)).outcome).toBe('more');
  const half = await jobs(group.id);
  expect(half.map(({ after_device }) => after_device > 0)).toEqual([true, true]);
  const crash = withTransaction(world.pool, async (client) => {
    await expand(client, group.id, { known: undefined, policy, nowMs: Date.now() });
    throw new Error('as if the process had been killed');
  });
  await expect(crash).rejects.toThrow('killed');
  expect(await jobs(group.id)).toEqual(half);
  await run(groupChat(phoneOf(a), group, 3));
  // several processes at once: one gets `busy` because another is working on it
  const outcomes = await Promise.all([1, 2, 3, 4].map(() => step(group.id)));
  expect(outcomes.map(({ outcome }) => outcome)).toContain('more');
  await drain(group.id);
  const [wrong] = await world.query<{ wrong: number }>(
    `SELECT count(*) AS wrong FROM (
       SELECT device_id, array_agg(conv_seq ORDER BY seq) AS places, array_agg(seq ORDER BY seq) AS seqs
         FROM delivery.mailbox WHERE conv_id = $1 AND device_id > $2 GROUP BY device_id) m
      WHERE places <> '{2,3,4}' OR seqs <> '{1,2,3}'`,
    [group.id, 1_000_000 * group.id],
  );
  expect(wrong?.wrong).toBe(0);
  expect(await placesFor(members[999]!)).toEqual([2, 3, 4]);
});

test('what another process gave out, and may have told nobody, is announced by who goes on', async () => {
  const [a, b] = [await newcomer(), await newcomer(2)];
  const group = await found(a, b);
  const made = await step(group.id);
  expect(made.untold).toEqual([]);
  const own = { known: made.reached, policy, nowMs: Date.now() };
  await withTransaction(world.pool, async (client) => {
    expect((await expand(client, group.id, own)).untold).toEqual([]);
    await client.query('ROLLBACK; BEGIN');
  });
  expect((await step(group.id)).untold.toSorted()).toEqual(
    [phoneOf(a), ...b.devices].map(({ device }) => device).toSorted(),
  );
  expect((await step(group.id)).outcome).toBe('done');
});

test('a job ends when its recipients have been told, not before: who dies in between leaves it to another', async () => {
  const [a, b] = [await newcomer(), await newcomer(2)];
  const group = await found(a, b);
  const told = Promise.withResolvers<void>();
  let deliveries = 0;
  const fanout = startFanout({
    deliver: (given) => {
      deliveries += given.length;
    },
    settled: () => told.promise,
  });
  try {
    await until('it is handed over', () => deliveries > 0);
    await wait(400);
    expect((await jobs(group.id)).map(({ after_device }) => after_device)).toEqual([Number.MAX_SAFE_INTEGER]);
    told.resolve();
    await until('the job ends', async () => (await jobs(group.id)).length === 0);
  } finally {
    told.resolve();
    await fanout.stop();
  }
});

test('many groups with which nobody makes headway do not hide the others', async () => {
  await world.query(
    `WITH made AS (
       INSERT INTO delivery.conversations (ext_id, kind, fanout)
       SELECT 'c_waiting_in_the_crowd_' || n, 'group', 'outbox' FROM generate_series(1, 300) n RETURNING id)
     INSERT INTO delivery.fanout_jobs (conv_id, conv_seq, day) SELECT id, seq, current_date FROM made, generate_series(1, 2) seq`,
  );
  const found = new Set<number>();
  for (let look = 0; look < 40; look += 1) {
    const { conversations, jobs } = await findWaiting(world.pool);
    expect(conversations).toHaveLength(200);
    expect(jobs).toBe(600);
    for (const conversation of conversations) found.add(conversation);
  }
  expect(found.size).toBe(300);
  await world.query('DELETE FROM delivery.fanout_jobs');
});

test('a device that was revoked meanwhile gets nothing more, also from a job that was written before', async () => {
  const [a, b] = [await newcomer(), await newcomer(2)];
  const group = await found(a, b);
  const [phone, lost] = [deviceOf(b, 0), deviceOf(b, 1)];
  await run(groupChat(phoneOf(a), group, 1));
  await world.query('UPDATE auth.devices SET revoked_at = now() WHERE id = $1', [lost.device]);
  await withTransaction(world.pool, (client) => leaveConversations(client, lost.device));
  await drain(group.id);
  expect(await placesFor(phone)).toEqual([1, 2]);
  expect(await placesFor(lost)).toEqual([]);
});

test('a job whose message the retention has taken ends, and gives nothing', async () => {
  const [a, b] = [await newcomer(), await newcomer(2)];
  const group = await found(a, b);
  await world.query('DELETE FROM delivery.messages WHERE conv_id = $1', [group.id]);
  await drain(group.id);
  expect(await jobs(group.id)).toEqual([]);
  expect(await placesFor(phoneOf(b))).toEqual([]);
});

test('a group that has become small keeps its outbox until it is empty, so that nothing overtakes', async () => {
  const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
  let group: Standing = await found(a, b, c);
  const id = await numberOf(group);
  const isInline = async () =>
    (await world.query('SELECT FROM delivery.conversations WHERE id = $1 AND fanout = $2', [id, 'inline']))
      .length === 1;
  await run(
    operate(phoneOf(a), group, 'group_member_remove', {
      targets: [c.name],
      removed_devices: [phoneOf(c).address],
    }),
  );
  group = await again(group);
  expect(await withTransaction(world.pool, (client) => backToInline(client, id, policy))).toBe(false);
  await run(groupChat(phoneOf(a), group, 1));
  expect(await placesFor(phoneOf(b))).toEqual([]);
  await drain(id);
  expect(await isInline()).toBe(false);
  expect(await withTransaction(world.pool, (client) => backToInline(client, id, policy))).toBe(true);
  await run(groupChat(phoneOf(a), group, 2));
  expect(await placesFor(phoneOf(b))).toEqual([1, 2, 3, 4]);
  expect(await jobs(id)).toEqual([]);
});

test('a conversation of two with many devices is one of two: its messages are taken and given out', async () => {
  const [a, b] = [await newcomer(2), await newcomer(2)];
  const creation = createBy(a, b);
  expect(await run(creation)).toEqual(['stored 1']);
  const { conversation } = creation.value.head as { conversation: string };
  const pair = { conversation, a, b };
  expect(await run(chatFrom(phoneOf(a), pair, 1))).toEqual(['stored 2']);
  expect(await run(chatFrom(phoneOf(b), pair, 1))).toEqual(['stored 3']);
  await drain(await numberOf(await world.standing(conversation)));
  expect(await placesFor(deviceOf(b, 1))).toEqual([1, 2, 3]);
});

test('a message that is yet to be given out keeps its body', async () => {
  const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
  const group = await found(a, b, c);
  await freeBodies(world.pool, START, 10_000);
  await drain(group.id);
  expect(await world.mailbox(phoneOf(c))).toEqual([{ seq: 1, conv_seq: 1, body: `welcome of ${a.name}` }]);
});

test('a process that is killed in the middle leaves the rest to another: 300 devices get every message once, in order', async () => {
  const store: TestRedis = await openTestRedis();
  const gateway = await openGateway(store);
  const processes: DeliveryProcess[] = [];
  try {
    const [a, b] = [await newcomer(), await newcomer()];
    const group = await found(a, b);
    await world.query(`UPDATE delivery.conversations SET fanout = 'outbox' WHERE id = $1`, [group.id]);
    await drain(group.id);
    await crowd(group, 300);
    const env = { POSTGRES_URL: world.url, REDIS_URL: store.url, STREAM_PREFIX: store.prefix };
    processes.push(await startDelivery(env), await startDelivery(env));
    for (let sent = 0; sent < 200; sent += 20) {
      await gateway.send(
        ...Array.from({ length: 20 }, (_, index) => groupChat(phoneOf(a), group, sent + index + 1)),
      );
    }
    await until('some of it is given out', async () => {
      const [row] = await world.query<{ some: boolean }>(
        'SELECT EXISTS (SELECT FROM delivery.mailbox WHERE conv_id = $1 AND conv_seq > 40) AS some',
        [group.id],
      );
      return row?.some;
    });
    await processes[0]?.end('SIGKILL');
    await until(
      'all of it is given out',
      async () => {
        const [row] = await world.query<{ done: boolean }>(
          `SELECT next_seq = 202 AND NOT EXISTS (SELECT FROM delivery.fanout_jobs WHERE conv_id = $1) AS done
             FROM delivery.conversations WHERE id = $1`,
          [group.id],
        );
        return row?.done;
      },
      15_000,
    );
    const mailboxes = await world.query<{ right: boolean }>(
      `SELECT array_agg(conv_seq ORDER BY seq) = ARRAY(SELECT generate_series(2, 201)::bigint) AS right
         FROM delivery.mailbox WHERE conv_id = $1 AND device_id > $2 GROUP BY device_id`,
      [group.id, 1_000_000 * group.id],
    );
    expect(mailboxes).toHaveLength(300);
    expect(mailboxes.every(({ right }) => right)).toBe(true);
  } finally {
    await processes[1]?.end('SIGTERM');
    await store.close();
  }
}, 40_000);
