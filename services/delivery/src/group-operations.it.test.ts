import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createLogger } from '@securechat/kernel';
import { until } from '@securechat/testkit';
import { createReceipts } from './receipts.ts';
import { readGroupInfo } from './store/group-info.ts';
import { receiptPrivacy } from './store/receipt-privacy.ts';
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
  operate,
  readBy,
  type Standing,
} from './testing/records.ts';
import { openWorld, type World } from './testing/world.ts';

let world: World;
let people = 0;

beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const newcomer = (devices = 1): Promise<Account> => world.addPerson(`member${++people}`, devices);
const phoneOf = (account: Account): Endpoint => deviceOf(account, 0);
const answersTo = async (...args: Parameters<World['run']>): Promise<string[]> =>
  (await world.run(...args)).answers.map((answer) =>
    inShort(answer).replace(/"previous_sha256":"[^"]+"/, '"…"'),
  );
const bodiesFor = async (device: Endpoint): Promise<(string | null)[]> =>
  (await world.mailbox(device)).map(({ body }) => body);

/** A new group, created by the first. */
async function found(...members: Account[]): Promise<Standing> {
  const record = createGroup(members);
  expect(await answersTo([record])).toEqual(['stored 1']);
  return await world.standing((record.value.head as { conversation: string }).conversation);
}
const again = (group: Standing): Promise<Standing> => world.standing(group.conversation);

async function addTo(group: Standing, by: Account, ...targets: Account[]): Promise<Standing> {
  const added = targets.flatMap(({ devices }) => devices.map(({ address }) => address));
  const names = targets.map(({ name }) => name);
  const record = operate(phoneOf(by), group, 'group_member_add', { targets: names, added_devices: added });
  expect((await answersTo([record]))[0]).toMatch(/^stored/);
  return await again(group);
}
const removal = (by: Account, group: Standing, target: Account) =>
  operate(phoneOf(by), group, 'group_member_remove', {
    targets: [target.name],
    removed_devices: target.devices.map(({ address }) => address),
  });
const leaving = (who: Account, group: Standing) =>
  operate(phoneOf(who), group, 'group_leave', { removed_devices: who.devices.map(({ address }) => address) });

describe('a group', () => {
  test('is made by its owner, for all devices; everybody else is a member', async () => {
    const [a, b] = [await newcomer(2), await newcomer()];
    const group = await found(a, b);
    const members = await world.query(
      `SELECT user_name, role, joined_seq FROM delivery.conv_members m JOIN delivery.conversations c ON c.id = m.conv_id
        WHERE c.ext_id = $1 ORDER BY user_name`,
      [group.conversation],
    );
    expect(members).toEqual([
      { user_name: a.name, role: 'owner', joined_seq: 1 },
      { user_name: b.name, role: 'member', joined_seq: 1 },
    ]);
    expect(await bodiesFor(deviceOf(a, 1))).toEqual([`welcome of ${a.name}`]);
    expect(await bodiesFor(phoneOf(b))).toEqual([`welcome of ${a.name}`]);
  });

  test('takes nobody who has blocked its creator, is unknown or brings no device, and makes nothing then', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
    await world.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2)', [
      b.user,
      a.name,
    ]);
    const nobody: Account = { ...c, name: 'nobody', devices: [] };
    const cases: [members: Account[], answer: string][] = [
      [[a, b], 'PERMISSION_DENIED'],
      [[a, nobody], 'PERMISSION_DENIED'],
      [[a, { ...c, devices: [] }], 'INVALID_MESSAGE_FORMAT {"path":"/added_devices"}'],
    ];
    for (const [members, answer] of cases) {
      const record = createGroup(members);
      expect(await answersTo([record])).toEqual([answer]);
      const { conversation } = record.value.head as { conversation: string };
      expect(
        await world.query('SELECT FROM delivery.conversations WHERE ext_id = $1', [conversation]),
      ).toEqual([]);
    }
    // a taken id cannot be taken by anyone else
    const group = await found(a, c);
    const stolen = createGroup([c, a], { conversation: group.conversation });
    expect(await answersTo([stolen])).toEqual(['PERMISSION_DENIED']);
  });
});

describe('adding and removing', () => {
  test('who is added gets the welcome and not the commit, everybody else the commit; both at the same place', async () => {
    const [a, b, c] = [await newcomer(2), await newcomer(), await newcomer(2)];
    const group = await addTo(await found(a, b), a, c);
    expect(group.epoch).toBe(1);
    expect((await bodiesFor(phoneOf(b))).at(-1)).toBe('operation group_member_add');
    expect((await bodiesFor(deviceOf(a, 1))).at(-1)).toBe('operation group_member_add');
    for (const device of c.devices) {
      expect(await world.mailbox(device)).toEqual([
        { seq: 1, conv_seq: 2, body: 'welcome group_member_add' },
      ]);
    }
    expect(await answersTo([groupChat(phoneOf(c), group, 1)])).toEqual(['stored 3']);
  });

  test('who is removed gets the removal as the last thing, may say nothing more, and may be added again', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(2), await newcomer()];
    let group = await found(a, b, c);
    await answersTo([groupChat(phoneOf(b), group, 1)]);
    // in one batch: whatever follows the removal does not reach the removed devices
    const after = { ...group, epoch: 1 };
    expect(
      await answersTo([
        removal(a, group, b),
        groupChat(phoneOf(a), after, 1, { body: 'behind your back' }),
        groupChat(phoneOf(b), after, 2),
      ]),
    ).toEqual(['stored 3', 'stored 4', 'PERMISSION_DENIED']);
    group = await again(group);
    await answersTo([groupChat(phoneOf(a), group, 2, { body: 'still behind' })]);
    for (const device of b.devices)
      expect((await bodiesFor(device)).at(-1)).toBe('operation group_member_remove');
    expect((await bodiesFor(phoneOf(c))).slice(-2)).toEqual(['behind your back', 'still behind']);

    group = await addTo(group, a, b);
    expect((await bodiesFor(phoneOf(b))).at(-1)).toBe('welcome group_member_add');
    expect(await answersTo([groupChat(phoneOf(b), group, 2)])).toEqual(['stored 7']);
    const rows = await world.query<{ joined_seq: number; left_seq: number | null }>(
      'SELECT joined_seq, left_seq FROM delivery.conv_devices WHERE device_id = $1 ORDER BY joined_seq',
      [phoneOf(b).device],
    );
    expect(rows).toEqual([
      { joined_seq: 1, left_seq: 4 },
      { joined_seq: 6, left_seq: null },
    ]);
  });

  test('two at once: one wins, the other is told the winning epoch and place, and succeeds from there', async () => {
    const [a, b, c, d] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()];
    let group = await found(a, b, c);
    expect(
      await answersTo([operate(phoneOf(a), group, 'group_update', { targets: [b.name], role: 'admin' })]),
    ).toEqual(['stored 2']);
    group = await again(group);
    const clients = [await world.openClient(), await world.openClient()];
    const race = (by: Account, target: Account) =>
      operate(phoneOf(by), group, 'group_member_add', {
        targets: [target.name],
        added_devices: target.devices.map(({ address }) => address),
      });
    const outcomes = await Promise.all([
      world.run([race(a, d)], { client: clients[0]! }),
      world.run([removal(b, group, c)], { client: clients[1]! }),
    ]);
    const answers = outcomes.map((outcome) => inShort(outcome.answers[0]!));
    expect(answers.toSorted()[1]).toBe('stored 3');
    const now = await again(group);
    const detail = { generation: 0, epoch: 1, previous_sha256: now.head, conv_seq: 3 };
    expect(answers.toSorted()[0]).toBe(`STALE_EPOCH ${JSON.stringify(detail)}`);
    const loser = answers[0] === 'stored 3' ? removal(b, now, c) : { ...race(a, d), value: operateAgain() };
    function operateAgain() {
      return operate(phoneOf(a), now, 'group_member_add', {
        targets: [d.name],
        added_devices: d.devices.map(({ address }) => address),
      }).value;
    }
    expect(await answersTo([loser])).toEqual(['stored 4']);
  });

  test('the answer was lost, another committed meanwhile: the retry gets the first answer, nothing doubles', async () => {
    const [a, b, c, d] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()];
    const group = await found(a, b);
    const first = operate(phoneOf(a), group, 'group_member_add', {
      targets: [c.name],
      added_devices: [phoneOf(c).address],
    });
    expect(await answersTo([first])).toEqual(['stored 2']);
    await addTo(await again(group), a, d);
    const before = await again(group);
    expect(await answersTo([first])).toEqual(['stored 2 again']);
    expect(await answersTo([first, first])).toEqual(['stored 2 again', 'stored 2 again']);
    expect(await again(group)).toEqual(before);
    expect(await bodiesFor(phoneOf(c))).toHaveLength(2);
    // and a message meets the same fate
    const said = groupChat(phoneOf(b), before, 1);
    expect(await answersTo([said])).toEqual(['stored 4']);
    expect(await answersTo([operate(phoneOf(a), before, 'group_commit')])).toEqual(['stored 5']);
    expect(await answersTo([said])).toEqual(['stored 4 again']);
    const { id } = said.value.head as { id: string };
    expect(await answersTo([groupChat(phoneOf(b), before, 1, { id, body: 'another' })])).toEqual([
      'ID_REUSED',
    ]);
  });

  test('who may not is refused, and nothing changes', async () => {
    const [a, b, c, stranger] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()];
    let group = await found(a, b, c);
    const blocker = await newcomer();
    await world.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2)', [
      blocker.user,
      a.name,
    ]);
    const add = (by: Account, target: Account) =>
      operate(phoneOf(by), group, 'group_member_add', {
        targets: [target.name],
        added_devices: [phoneOf(target).address],
      });
    const snapshot = async () => [
      await again(group),
      await world.query('SELECT * FROM delivery.conv_devices'),
    ];
    const before = await snapshot();
    const refused = [
      add(b, stranger),
      add(stranger, stranger),
      add(a, blocker),
      removal(b, group, c),
      removal(b, group, a),
      removal(stranger, group, b),
      operate(phoneOf(b), group, 'group_update', { targets: [b.name], role: 'owner' }),
      operate(phoneOf(stranger), group, 'group_commit'),
      operate(phoneOf(b), group, 'group_commit', { removed_devices: [phoneOf(c).address] }),
      createGroup([b, a, c], {
        conversation: group.conversation,
        generation: 1,
        replaces: { generation: 0, epoch: 0 },
        previous_sha256: group.head,
      }),
    ];
    for (const record of refused) {
      expect((await answersTo([record]))[0]).toMatch(/^PERMISSION_DENIED/);
    }
    expect(await snapshot()).toEqual(before);
    // an admin who was removed has no rights
    await answersTo([operate(phoneOf(a), group, 'group_update', { targets: [b.name], role: 'admin' })]);
    group = await again(group);
    await answersTo([removal(a, group, b)]);
    group = await again(group);
    expect(await answersTo([add(b, stranger)])).toEqual(['PERMISSION_DENIED']);
  });

  test('the log is checked: an operation that does not follow the newest is refused with its hash', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const group = await found(a, b);
    await answersTo([operate(phoneOf(a), group, 'group_update', { has_name: true })]);
    const { head } = await again(group);
    const [answer] = (await world.run([operate(phoneOf(a), group, 'group_update', { has_name: true })]))
      .answers;
    expect(inShort(answer!)).toBe(`STALE_LOG {"generation":0,"epoch":0,"previous_sha256":"${head}"}`);
  });

  test('the thousand-and-first member is one too many', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const group = await found(a);
    await world.query(
      `INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
       SELECT c.id, 1000000 + n, 'extra' || n, 1 FROM delivery.conversations c, generate_series(1, 999) n WHERE c.ext_id = $1`,
      [group.conversation],
    );
    const record = operate(phoneOf(a), group, 'group_member_add', {
      targets: [b.name],
      added_devices: [phoneOf(b).address],
    });
    expect(await answersTo([record])).toEqual(['GROUP_FULL {"limit":1000}']);
  });
});

describe('leaving', () => {
  test('ends delivery at once; until a commit removes exactly those devices, nothing is said and no key changes', async () => {
    const [a, b, c, d] = [await newcomer(), await newcomer(2), await newcomer(), await newcomer()];
    let group = await found(a, b, c);
    expect(await answersTo([leaving(b, group)])).toEqual(['stored 2']);
    group = await again(group);
    expect(group.epoch).toBe(0);
    const gone = b.devices.map(({ address }) => address);
    const due = `COMMIT_REQUIRED ${JSON.stringify({ generation: 0, epoch: 0, removed_devices: gone })}`;
    expect(
      await answersTo([
        groupChat(phoneOf(a), group, 1),
        groupChat(phoneOf(b), group, 1),
        operate(phoneOf(c), group, 'group_commit'),
        operate(phoneOf(c), group, 'group_commit', { removed_devices: gone.slice(1) }),
        operate(phoneOf(a), group, 'group_member_add', {
          targets: [d.name],
          added_devices: [phoneOf(d).address],
        }),
      ]),
    ).toEqual([due, 'PERMISSION_DENIED', due, due, due]);
    expect(await answersTo([operate(phoneOf(c), group, 'group_commit', { removed_devices: gone })])).toEqual([
      'stored 3',
    ]);
    group = await again(group);
    expect(await answersTo([groupChat(phoneOf(a), group, 1)])).toEqual(['stored 4']);
    expect((await bodiesFor(deviceOf(b, 1))).at(-1)).toBe('operation group_leave');
  });

  test('an owner hands over first, unless nobody else is there', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    let group = await found(a, b);
    expect(await answersTo([leaving(a, group)])).toEqual(['LAST_OWNER']);
    expect(
      await answersTo([operate(phoneOf(a), group, 'group_update', { targets: [a.name], role: 'member' })]),
    ).toEqual(['LAST_OWNER']);
    await answersTo([operate(phoneOf(a), group, 'group_update', { targets: [b.name], role: 'owner' })]);
    group = await again(group);
    expect(await answersTo([leaving(a, group)])).toEqual(['stored 3']);
    group = await again(group);
    expect(await answersTo([leaving(b, group)])).toEqual(['stored 4']);
  });
});

test('with more than a hundred devices due, a hundred are told at a time, also by group_info', async () => {
  const a = await newcomer();
  const group = await found(a);
  await world.query(
    `WITH gone AS (
       INSERT INTO auth.users (ext_id, account_key)
       SELECT 'gone' || n, sha256(('gone' || n)::bytea) FROM generate_series(1, 150) n RETURNING id),
     phones AS (
       INSERT INTO auth.devices (user_id, ext_id, public_key)
       SELECT id, 'phone', sha256(concat('phone', id)::bytea) FROM gone RETURNING id, user_id),
     marked AS (UPDATE delivery.conversations SET commit_required = true WHERE ext_id = $1 RETURNING id)
     INSERT INTO delivery.conv_devices (conv_id, device_id, user_id, joined_seq, left_seq, removal_due)
     SELECT m.id, p.id, p.user_id, 1, 2, true FROM phones p, marked m`,
    [group.conversation],
  );
  const ask = { kind: 'group_info' as const, device: phoneOf(a).device, conversation: group.conversation };
  const told = async () =>
    (await readGroupInfo(world.pool, { ...ask, after: '', limit: 100 }))?.commit_required;
  const [answer] = (await world.run([groupChat(phoneOf(a), group, 1)])).answers;
  const first = answer?.kind === 'refused' ? (answer.detail.removed_devices ?? []) : [];
  expect(first).toHaveLength(100);
  expect(await told()).toEqual(first);
  expect(await answersTo([operate(phoneOf(a), group, 'group_commit', { removed_devices: first })])).toEqual([
    'stored 2',
  ]);
  const rest = (await told()) ?? [];
  expect(rest).toHaveLength(50);
  expect(
    await answersTo([operate(phoneOf(a), await again(group), 'group_commit', { removed_devices: rest })]),
  ).toEqual(['stored 3']);
  expect(await told()).toEqual([]);
});

describe('a conversation of two', () => {
  test('gets fresh keys and further devices, can be left, and started over by either', async () => {
    const [a, b] = [await newcomer(2), await newcomer()];
    const record = createBy({ ...a, devices: [phoneOf(a)] }, b);
    expect(await answersTo([record])).toEqual(['stored 1']);
    const place = { conversation: (record.value.head as { conversation: string }).conversation, a, b };
    let standing = await world.standing(place.conversation);
    const further = { added_devices: [deviceOf(a, 1).address] };
    expect(await answersTo([operate(phoneOf(a), standing, 'group_commit', further)])).toEqual(['stored 2']);
    expect(await bodiesFor(deviceOf(a, 1))).toEqual(['welcome group_commit']);
    expect(await answersTo([chatFrom(phoneOf(b), place, 1)])).toEqual(['STALE_EPOCH {"epoch":1}']);
    expect(await answersTo([chatFrom(phoneOf(b), place, 1, { epoch: 1 })])).toEqual(['stored 3']);
    standing = await world.standing(place.conversation);
    expect(await answersTo([leaving(b, standing)])).toEqual(['stored 4']);
    standing = await world.standing(place.conversation);
    const restart = createBy(b, a, {
      conversation: place.conversation,
      generation: 1,
      replaces: { generation: 0, epoch: 1 },
      previous_sha256: standing.head,
    });
    expect(await answersTo([restart, restart])).toEqual(['stored 5', 'stored 5 again']);
    // what was sealed for the epoch of the same number before the restart is refused
    expect(await answersTo([chatFrom(phoneOf(a), place, 1)])).toEqual([
      'STALE_EPOCH {"epoch":0,"generation":1}',
    ]);
    expect(await answersTo([chatFrom(phoneOf(b), place, 2, { generation: 1 })])).toEqual(['stored 6']);
    expect((await bodiesFor(deviceOf(a, 1))).slice(-2)).toEqual([
      `welcome of ${b.name}`,
      `message 2 of ${phoneOf(b).address}`,
    ]);
    const late = createBy(a, b, {
      conversation: place.conversation,
      generation: 1,
      replaces: { generation: 0, epoch: 1 },
      previous_sha256: standing.head,
    });
    expect((await answersTo([late]))[0]).toMatch(/^STALE_EPOCH/);
  });

  test('knows no roles: nobody is added, removed or promoted', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
    const place = await world.connect(a, b);
    const standing = await world.standing(place.conversation);
    for (const record of [
      operate(phoneOf(a), standing, 'group_member_add', {
        targets: [c.name],
        added_devices: [phoneOf(c).address],
      }),
      removal(a, standing, b),
      operate(phoneOf(a), standing, 'group_update', { targets: [a.name], role: 'owner' }),
    ])
      expect(await answersTo([record])).toEqual(['PERMISSION_DENIED']);
  });
});

describe('receipts of a group', () => {
  test('are told to those who spoke lately and to members who have another device, at most once a second', async () => {
    const [a, b, c, d] = [await newcomer(), await newcomer(), await newcomer(), await newcomer(2)];
    const group = await found(a, b, c, d);
    await answersTo([groupChat(phoneOf(a), group, 1), groupChat(phoneOf(b), group, 1)]);
    const told: { users: number[]; atMs: number }[] = [];
    const marks: string[][] = [];
    const logger = createLogger({ service: 'delivery', instance: 'test', level: 'silent' });
    const receipts = createReceipts({
      pool: world.pool,
      publisher: {
        send(users, to) {
          told.push({ users: [...users], atMs: performance.now() });
          // what a recent sender gets, and what the member's own other device gets
          for (const device of [phoneOf(a), deviceOf(d, 1)]) {
            const record = to({ gateway: 'g1', connection: 1, device: device.device } as never);
            if (record?.kind === 'receipts') marks.push(record.marks.map((mark) => mark.user_id));
          }
        },
      },
      lingerMs: 20,
      logger,
    });
    try {
      for (const through of [1, 2, 3]) {
        const { moved } = await world.run([ackFrom(phoneOf(d), through), ackFrom(phoneOf(c), through)]);
        receipts.add(moved);
        await until('they are told', () => told.length >= Math.min(through, 2));
      }
      // not c, whose only device moved the mark itself
      const concerned = [a.user, b.user, d.user, d.user].toSorted();
      expect(told[0]?.users.toSorted()).toEqual(concerned);
      expect(marks[0]?.toSorted()).toEqual([c.name, d.name].toSorted());
      expect(marks[1]).toEqual([d.name]);
      expect(told[1]!.atMs - told[0]!.atMs).toBeGreaterThanOrEqual(990);
    } finally {
      await receipts.stop();
    }
  });

  test('do not say what somebody has read who does not want it to be known', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const group = await found(a, b);
    await answersTo([groupChat(phoneOf(a), group, 1)]);
    await world.run([ackFrom(phoneOf(b), 2)]);
    expect(await receiptPrivacy(world.pool, b.user, undefined)).toBe(true);
    expect(await receiptPrivacy(world.pool, b.user, false)).toBe(false);
    expect((await world.run([readBy(phoneOf(b), group.conversation, 2)])).moved).toEqual([]);
    const ask = { kind: 'group_info' as const, device: phoneOf(a).device, conversation: group.conversation };
    const info = await readGroupInfo(world.pool, { ...ask, after: '', limit: 100 });
    expect(info?.members.find(({ user_id }) => user_id === b.name)).toMatchObject({
      delivered_through: 2,
      read_through: 0,
    });
    await receiptPrivacy(world.pool, b.user, true);
    expect((await world.run([readBy(phoneOf(b), group.conversation, 2)])).moved).toMatchObject([
      { user_id: b.name, read_through: 2 },
    ]);
  });

  test('of a thousand members come in pages of a hundred, in the order of their names', async () => {
    const a = await newcomer();
    const group = await found(a);
    await world.query(
      `INSERT INTO delivery.conv_members (conv_id, user_id, user_name, joined_seq)
       SELECT c.id, 2000000 + n, 'page' || lpad(n::text, 4, '0'), 1
         FROM delivery.conversations c, generate_series(1, 999) n WHERE c.ext_id = $1`,
      [group.conversation],
    );
    const names: string[] = [];
    for (let after = '', more = true, pages = 0; more; pages += 1) {
      const ask = {
        kind: 'group_info' as const,
        device: phoneOf(a).device,
        conversation: group.conversation,
      };
      const info = await readGroupInfo(world.pool, { ...ask, after, limit: 100 });
      expect(info).toMatchObject({ member_count: 1000, log_head: group.head });
      names.push(...(info?.members ?? []).map(({ user_id }) => user_id));
      more = info?.more === true && pages < 20;
      after = names.at(-1) ?? '';
    }
    expect(names).toHaveLength(1000);
    expect(names).toEqual(names.toSorted((x, y) => (x < y ? -1 : 1)));
    const outsider = await newcomer();
    const foreign = { kind: 'group_info' as const, device: phoneOf(outsider).device };
    expect(
      await readGroupInfo(world.pool, { ...foreign, conversation: group.conversation, after: '', limit: 1 }),
    ).toBeNull();
  });
});

test('fifty changes at once by five admins converge: one after the other, the log unbroken', async () => {
  const admins = await Promise.all(Array.from({ length: 5 }, () => newcomer()));
  const others = await Promise.all(Array.from({ length: 10 }, () => newcomer()));
  const group = await found(...admins);
  const [owner] = admins;
  const names = admins.slice(1).map(({ name }) => name);
  await answersTo([operate(phoneOf(owner!), group, 'group_update', { targets: names, role: 'admin' })]);
  let accepted = 0;
  await Promise.all(
    admins.map(async (admin, index) => {
      const client = await world.openClient();
      for (let turn = 0; turn < 10; turn += 1) {
        const target = others[(2 * index + (turn % 2)) % others.length]!;
        for (let isDone = false; !isDone; ) {
          const now = await again(group);
          const isAdd = turn % 4 < 2;
          const record = isAdd
            ? operate(phoneOf(admin), now, 'group_member_add', {
                targets: [target.name],
                added_devices: [phoneOf(target).address],
              })
            : removal(admin, now, target);
          const answer = inShort((await world.run([record], { client })).answers[0]!);
          expect(answer).toMatch(/^(stored|STALE_EPOCH|STALE_LOG)/);
          isDone = answer.startsWith('stored');
          if (isDone) accepted += 1;
        }
      }
    }),
  );
  expect(accepted).toBe(50);
  expect((await again(group)).epoch).toBe(50);
}, 30_000);
