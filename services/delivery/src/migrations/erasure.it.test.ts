import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from 'pg';
import { DEFAULT_POLICY } from '../rules/policy.ts';
import { type Account, createGroup, deviceOf, groupChat, type Standing } from '../testing/records.ts';
import { openWorld, type World } from '../testing/world.ts';

let world: World;
let people = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

type Plan = {
  'Actual Rows'?: number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  'Rows Removed by Join Filter'?: number;
  Plans?: Plan[];
};
type Told = { removed: Record<string, number>; waiting: Record<string, number> };

const newcomer = (): Promise<Account> => world.addPerson(`person${++people}`);

/** Rows that went through all nodes of a plan, those among them that were thrown away after a comparison. */
function rowsOf(plan: Plan): number {
  const each =
    (plan['Actual Rows'] ?? 0) +
    (plan['Rows Removed by Filter'] ?? 0) +
    (plan['Rows Removed by Join Filter'] ?? 0);
  return each * (plan['Actual Loops'] ?? 0) + (plan.Plans ?? []).reduce((sum, part) => sum + rowsOf(part), 0);
}

/** A group of three people with two devices each. */
async function newGroup(): Promise<{ group: Standing; members: Account[] }> {
  const members = [await newcomer(), await newcomer(), await newcomer()];
  const { answers } = await world.run([createGroup(members)]);
  const [made] = answers;
  if (made?.kind !== 'stored') throw new Error(`not created: ${JSON.stringify(made)}`);
  return { group: await world.standing(made.conversation), members };
}

async function say(group: Standing, by: Account, count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, index) => groupChat(deviceOf(by, 0), group, index + 1));
  const { answers } = await world.run(records, {
    policy: { ...DEFAULT_POLICY, messagesPerEpoch: 1_000_000 },
  });
  expect(answers.filter(({ kind }) => kind === 'stored')).toHaveLength(count);
}

const askFor = ({ user, name }: Account) =>
  world.query(
    'INSERT INTO auth.erasures (id, user_id, user_name, subject_sha256) VALUES ($2, $1, $2, sha256($2::text::bytea))',
    [user, name],
  );

/** Bites until one finds nothing, as auth asks for them; what each told, and the rows that Postgres has looked at for it. */
async function erase({ user }: Account, maxRows: number): Promise<{ told: Told[]; rows: number[] }> {
  const client = new Client(world.ownerUrl);
  await client.connect();
  const told: Told[] = [];
  const rows: number[] = [];
  let looked = 0;
  client.on('notice', ({ message = '' }) => {
    const [, plan] = /plan:\n(.*)/s.exec(message) ?? [];
    if (plan) looked += rowsOf((JSON.parse(plan) as { Plan: Plan }).Plan);
  });
  try {
    await client.query(`
      LOAD 'auto_explain';
      SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
      SET auto_explain.log_analyze = on; SET auto_explain.log_timing = off;
      SET auto_explain.log_format = json; SET auto_explain.log_level = notice;`);
    for (let isMore = true; isMore; ) {
      looked = 0;
      const found = await client.query<{ done: Told }>('SELECT delivery.erase_user($1, false, $2) AS done', [
        user,
        maxRows,
      ]);
      const [row] = found.rows;
      if (!row) throw new TypeError('an erasure without an answer');
      told.push(row.done);
      rows.push(looked);
      isMore = Object.values(row.done.removed).some((n) => n > 0);
    }
  } finally {
    await client.end();
  }
  return { told, rows };
}

const total = (told: Told[], what: string): number =>
  told.reduce((sum, { removed }) => sum + (removed[what] ?? 0), 0);

const bodiesBy = async ({ devices }: Account): Promise<number> =>
  (
    await world.query<{ n: number }>(
      'SELECT count(*) AS n FROM delivery.messages WHERE sender_device = $1 AND type = 769 AND body IS NOT NULL',
      [devices[0]?.device],
    )
  )[0]?.n ?? 0;

test('for each pointer that goes some few rows are looked at, however many go', async () => {
  const { group, members } = await newGroup();
  const [, writer] = members as [Account, Account, Account];
  await say(group, writer, 400);
  await askFor(writer);
  const { told, rows } = await erase(writer, 2_000);
  expect(await bodiesBy(writer)).toBe(0);
  process.stdout.write(`erasure: ${rows} rows for 2,000 pointers\n`);
  expect(Math.max(...rows)).toBeLessThan(20 * 2_000);
  expect(total(told, 'messages')).toBe(400);
  // each is for five devices
  expect(total(told, 'mailbox')).toBeGreaterThanOrEqual(2_000);
});

test('a bite that has its fill looks at nothing that others have said', async () => {
  const { group, members } = await newGroup();
  const [other, writer] = members as [Account, Account, Account];
  await say(group, other, 1_000);
  await say(group, writer, 40);
  await askFor(writer);
  // what has waited for the user goes first; a message of theirs is for four devices more
  await world.query('DELETE FROM delivery.mailbox WHERE device_id = ANY($1)', [
    writer.devices.map(({ device }) => device),
  ]);
  const { told, rows } = await erase(writer, 10);
  process.stdout.write(`erasure in bites: ${rows}\n`);
  expect(told.slice(0, 4).map(({ removed }) => removed)).toEqual(
    Array.from({ length: 4 }, () => ({ messages: 10, mailbox: 40 })),
  );
  expect(Math.max(...rows.slice(0, 4))).toBeLessThan(1_000);
  expect(await bodiesBy(other)).toBe(1_000);
});

test('a message with a pointer that somebody is at is waited for, and goes the next time', async () => {
  const { group, members } = await newGroup();
  const [other, writer] = members as [Account, Account, Account];
  await say(group, writer, 3);
  await askFor(writer);
  const holder = await world.openClient();
  await holder.query('BEGIN');
  await holder.query(
    'SELECT FROM delivery.mailbox WHERE device_id = $1 AND seq = (SELECT max(seq) FROM delivery.mailbox WHERE device_id = $1) FOR UPDATE',
    [other.devices[0]?.device],
  );
  const before = await erase(writer, 100);
  expect(before.told.at(-1)?.waiting).toMatchObject({ messages_in_use: 1 });
  expect(await bodiesBy(writer)).toBe(1);
  await holder.query('ROLLBACK');
  const after = await erase(writer, 100);
  expect(after.told.at(-1)?.waiting).toMatchObject({ messages_in_use: 0 });
  expect(await bodiesBy(writer)).toBe(0);
});
