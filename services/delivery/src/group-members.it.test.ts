import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readGroupInfo } from './store/group-info.ts';
import {
  type Account,
  createBy,
  createGroup,
  deviceOf,
  type Endpoint,
  groupChat,
  inShort,
  operate,
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
const again = (group: Standing): Promise<Standing> => world.standing(group.conversation);
const answersTo = async (...records: Parameters<World['run']>[0]): Promise<string[]> =>
  (await world.run(records)).answers.map(inShort);
const hashOf = (record: { value: { head: object } }): string => (record.value.head as { hash: string }).hash;

async function found(...members: Account[]): Promise<Standing> {
  const record = createGroup(members);
  expect(await answersTo(record)).toEqual(['stored 1']);
  return await world.standing((record.value.head as { conversation: string }).conversation);
}
const adding = (target: Account) => ({
  targets: [target.name],
  added_devices: target.devices.map(({ address }) => address),
});
const removing = (target: Account) => ({
  targets: [target.name],
  removed_devices: target.devices.map(({ address }) => address),
});
/** Restarts a group with these devices. */
const restart = (members: Account[], group: Standing, devices: Endpoint[], by: Endpoint) => {
  const added = devices.map(({ address }) => address);
  const record = createGroup(members, {
    conversation: group.conversation,
    generation: group.generation + 1,
    replaces: { generation: group.generation, epoch: group.epoch },
    previous_sha256: group.head,
    added_devices: added,
    welcome_to: added.filter((address) => address !== by.address),
  });
  Object.assign(record.value.head, { user: by.user, device: by.device });
  return record;
};

test('who speaks, is removed and comes back in one batch goes on with its client_seq', async () => {
  const [a, b] = [await newcomer(), await newcomer()];
  const group = await found(a, b);
  const removal = operate(phoneOf(a), group, 'group_member_remove', removing(b));
  const addition = operate(
    phoneOf(a),
    { ...group, epoch: 1, head: hashOf(removal) },
    'group_member_add',
    adding(b),
  );
  expect(
    await answersTo(groupChat(phoneOf(b), group, 1), groupChat(phoneOf(b), group, 2), removal, addition),
  ).toEqual(['stored 2', 'stored 3', 'stored 4', 'stored 5']);
  const now = await again(group);
  expect(await answersTo(groupChat(phoneOf(b), now, 2, { body: 'another second one' }))).toEqual([
    'SEQ_GAP {"expected":3}',
  ]);
  expect(await answersTo(groupChat(phoneOf(b), now, 3))).toEqual(['stored 6']);
});

describe('starting over', () => {
  test('is not for a device that was taken out while its user stays, in a group and between two', async () => {
    const [a, b] = [await newcomer(2), await newcomer()];
    const [phone, stolen] = [phoneOf(a), deviceOf(a, 1)];
    let group = await found(a, b);
    expect(
      await answersTo(operate(phone, group, 'group_commit', { removed_devices: [stolen.address] })),
    ).toEqual(['stored 2']);
    group = await again(group);
    const all = [...a.devices, ...b.devices];
    expect(await answersTo(restart([a, b], group, all, stolen))).toEqual(['PERMISSION_DENIED']);
    expect(await answersTo(restart([a, b], group, [phone, phoneOf(b)], phone))).toEqual(['stored 3']);

    const { conversation } = await world.connect(a, b);
    let pair = await world.standing(conversation);
    await answersTo(operate(phone, pair, 'group_commit', { removed_devices: [stolen.address] }));
    pair = await world.standing(conversation);
    const changes = {
      conversation,
      generation: 1,
      replaces: { generation: 0, epoch: 1 },
      previous_sha256: pair.head,
    };
    const byStolen = createBy({ ...a, devices: [stolen, phone] }, b, changes);
    expect(await answersTo(byStolen)).toEqual(['PERMISSION_DENIED']);
  });

  test('is for a new device at once when all others were revoked, though the group still holds them', async () => {
    const [a, b] = [await newcomer(2), await newcomer()];
    const [lost, fresh] = [phoneOf(a), deviceOf(a, 1)];
    const group = await found({ ...a, devices: [lost] }, b);
    expect(await answersTo(restart([a, b], group, [fresh, phoneOf(b)], fresh))).toEqual([
      'PERMISSION_DENIED',
    ]);
    await world.query('UPDATE auth.devices SET revoked_at = now() WHERE id = $1', [lost.device]);
    expect(await answersTo(restart([a, b], group, [fresh, phoneOf(b)], fresh))).toEqual(['stored 2']);
  });

  test('is for a new device of an owner who has lost all others: no group is locked for good', async () => {
    const [a, b] = [await newcomer(2), await newcomer()];
    let group = await found({ ...a, devices: [phoneOf(a)] }, b);
    await world.query(
      `UPDATE delivery.conv_devices SET left_seq = 2, removal_due = true WHERE device_id = $1`,
      [phoneOf(a).device],
    );
    await world.query(`UPDATE delivery.conversations SET commit_required = true WHERE ext_id = $1`, [
      group.conversation,
    ]);
    group = await again(group);
    const fresh = deviceOf(a, 1);
    expect(await answersTo(restart([a, b], group, [fresh, phoneOf(b)], fresh))).toEqual(['stored 2']);
  });

  test('leaves out whom its author may remove, and nobody else', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
    let group = await found(a, b, c);
    const promotion = { targets: [b.name], role: 'admin' as const };
    expect(await answersTo(operate(phoneOf(a), group, 'group_update', promotion))).toEqual(['stored 2']);
    group = await again(group);
    // an admin may not leave out the owner, and a member only with all devices
    expect(await answersTo(restart([b, c], group, [phoneOf(b), phoneOf(c)], phoneOf(b)))).toEqual([
      'PERMISSION_DENIED {"path":"/members"}',
    ]);
    expect(await answersTo(restart([b, a], group, [phoneOf(a), phoneOf(b), phoneOf(c)], phoneOf(b)))).toEqual(
      ['PERMISSION_DENIED'],
    );
    const record = restart([a, b], group, [phoneOf(a), phoneOf(b)], phoneOf(b));
    expect(await answersTo(record)).toEqual(['stored 3']);
    const now = await again(group);
    expect(await answersTo(groupChat(phoneOf(c), now, 1))).toEqual(['PERMISSION_DENIED']);
    expect(await answersTo(groupChat(phoneOf(a), now, 1))).toEqual(['stored 4']);
  });

  test('does not wait for a member whose account is disabled, who stays a member and has no device then', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
    let group = await found(a, b, c);
    await world.query(`UPDATE auth.users SET state = 'disabled' WHERE id = $1`, [c.user]);
    expect(await answersTo(restart([a, b, c], group, [phoneOf(a)], phoneOf(a)))).toEqual([
      'INVALID_MESSAGE_FORMAT {"path":"/added_devices"}',
    ]);
    expect(await answersTo(restart([a, b, c], group, [phoneOf(a), phoneOf(b)], phoneOf(a)))).toEqual([
      'stored 2',
    ]);
    group = await again(group);
    await world.query(`UPDATE auth.users SET state = 'active' WHERE id = $1`, [c.user]);
    expect(await answersTo(groupChat(phoneOf(c), group, 1))).toEqual(['PERMISSION_DENIED']);
    const back = { added_devices: [phoneOf(c).address] };
    expect(await answersTo(operate(phoneOf(a), group, 'group_commit', back))).toEqual(['stored 3']);
    expect(await answersTo(groupChat(phoneOf(c), await again(group), 1))).toEqual(['stored 4']);
  });

  test('keeps who has blocked the one who does it: a block hides nobody in a group', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    const group = await found(a, b);
    await world.query('INSERT INTO delivery.blocks (user_id, blocked_name) VALUES ($1, $2)', [
      b.user,
      a.name,
    ]);
    expect(await answersTo(restart([a, b], group, [phoneOf(a)], phoneOf(a)))).toEqual([
      'INVALID_MESSAGE_FORMAT {"path":"/added_devices"}',
    ]);
  });
});

describe('a ban', () => {
  const infoFor = async (who: Account, { conversation }: Standing, after = '') => {
    const ask = { kind: 'group_info' as const, device: phoneOf(who).device, conversation };
    return await readGroupInfo(world.pool, { ...ask, after, limit: 100 });
  };

  test('keeps who was removed out, also within the batch and after a restart, until somebody lifts it', async () => {
    const [a, b, c] = [await newcomer(), await newcomer(), await newcomer()];
    let group = await found(a, b, c);
    const removal = operate(phoneOf(a), group, 'group_member_remove', { ...removing(b), ban: true });
    const addition = () => operate(phoneOf(a), group, 'group_member_add', adding(b));
    group = { ...group, epoch: 1, head: hashOf(removal) };
    const refused = 'BANNED {"path":"/targets/0"}';
    expect(await answersTo(removal, addition())).toEqual(['stored 2', refused]);
    expect(await answersTo(addition())).toEqual([refused]);
    expect(await answersTo(restart([a, c], group, [phoneOf(a), phoneOf(c)], phoneOf(a)))).toEqual([
      'stored 3',
    ]);
    group = await again(group);
    expect(await answersTo(addition())).toEqual([refused]);
    expect(await infoFor(c, group)).toMatchObject({ banned: [b.name] });
    expect(await infoFor(c, group, a.name)).not.toHaveProperty('banned');
    const lift = operate(phoneOf(a), group, 'group_update', { targets: [b.name], ban: false });
    group = { ...group, head: hashOf(lift) };
    expect(await answersTo(lift, addition())).toEqual(['stored 4', 'stored 5']);
    expect(await infoFor(b, group)).toMatchObject({ banned: [] });
  });

  test('may be of somebody who left, or whom nobody knows; doing it twice is doing it once', async () => {
    const [a, b] = [await newcomer(), await newcomer()];
    let group = await found(a);
    const targets = [b.name, 'nobody-yet'];
    const twice = operate(phoneOf(a), group, 'group_update', { targets, ban: true });
    group = { ...group, head: hashOf(twice) };
    expect(
      await answersTo(twice, operate(phoneOf(a), group, 'group_update', { targets, ban: true })),
    ).toEqual(['stored 2', 'stored 3']);
    group = await again(group);
    expect(await answersTo(operate(phoneOf(a), group, 'group_member_add', adding(b)))).toEqual([
      'BANNED {"path":"/targets/0"}',
    ]);
    expect((await infoFor(a, group))?.banned).toEqual(targets.toSorted());
  });
});
