import { expect, test } from '@jest/globals';
import type { Role } from '../api/index.ts';
import type { Outsider } from '../conversations/core.ts';
import type { Waiting } from '../conversations/outgoing/enqueue.ts';
import { type ConversationRecord, keysOf } from '../conversations/record.ts';
import { victim } from '../conversations/testing/victim.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import { letIn } from './outside.ts';

const id = 'c_0123456789abcdefgh';
const told = { conversationId: id, generation: 0, epoch: 3 };
const roles = (own: Role, peer: Role = 'member') => ({ victim: own, bob: peer });
const phone = 'bob:phone';

/** What a device with this record does when another asks it to be added again, this many times in a row. */
async function done(
  record: Pick<ConversationRecord['log'], 'roles'> &
    Partial<Pick<ConversationRecord, 'since' | 'membership'>>,
  asking: string,
  options: { kind?: 'direct' | 'group'; others?: readonly string[]; times?: number } = {},
): Promise<object[]> {
  const { kind = 'group', others = [], times = 1 } = options;
  const { core } = await victim([]);
  const leaves = Object.fromEntries(['victim:d_1', asking, ...others].map((address) => [address, 'key']));
  const { roles, since = {}, membership = 'member' } = record;
  const kept = { ...{ id, membership, since, purpose: 'people' }, log: { kind, roles, leaves } };
  await core.store.write([{ put: keysOf.record(id), value: toBytes(kept) }]);
  await core.registry.load();
  const [from = '', deviceId = ''] = asking.split(':');
  const by = { from, deviceId, isOwn: from === 'victim' } as Outsider['by'];
  for (let time = 0; time < times; time++) await letIn(core, { by, told });
  const intents = (await core.store.list(`intent/${id}/`)).map(([, bytes]) => fromBytes<Waiting>(bytes));
  return intents.map((waiting) => ('act' in waiting ? waiting.act : waiting));
}

const commits = (address: string) =>
  expect.arrayContaining([
    { type: 'group_commit', why: 'devices', add: [], remove: [address] },
    { type: 'group_commit', why: 'devices', add: [address], remove: [] },
  ]);

test('an own device is taken out and let in, once, however often it asks', async () => {
  const intents = await done({ roles: roles('member') }, 'victim:tablet', { times: 3 });
  expect(intents).toEqual(commits('victim:tablet'));
  expect(intents).toHaveLength(2);
});

test('an owner lets in one of several devices of a member, and a member by its only one', async () => {
  expect(await done({ roles: roles('owner') }, phone, { others: ['bob:tablet'] })).toEqual(commits(phone));
  expect(await done({ roles: roles('owner') }, phone)).toEqual(
    expect.arrayContaining([
      { type: 'group_member_remove', user: 'bob' },
      { type: 'group_member_add', users: ['bob'] },
    ]),
  );
});

test.each<[string, Parameters<typeof done>[0], Parameters<typeof done>[2]]>([
  ['of another one without a right to', { roles: roles('member') }, {}],
  ['of who has as much to say', { roles: roles('admin', 'admin') }, {}],
  ['in a conversation of two, which is started over', { roles: roles('owner') }, { kind: 'direct' }],
  [
    'that has come in by other keys since',
    { roles: roles('owner'), since: { [phone]: { generation: 0, epoch: 5 } } },
    {},
  ],
  ['where this one has no part', { roles: roles('owner'), membership: 'left' }, {}],
])('nothing is done for a device %s', async (_what, record, options) => {
  expect(await done(record, phone, options)).toEqual([]);
});
