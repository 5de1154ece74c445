import { expect, test } from '@jest/globals';
import type { GroupOperationRecord, Role } from '@securechat/protocol/internal';
import type { Conversation } from '../store/state.ts';
import { aConversation } from '../testing/conversation.ts';
import { decideOperation } from './decide-operation.ts';
import { mayDo } from './roles.ts';
import type { Named } from './roster.ts';

const HEAD = Buffer.alloc(32, 9);
/** Users 1 to 4 with one device each, 11 to 14; eve does not exist. */
const names = ['owen', 'anna', 'alma', 'mick', 'mona'] as const;
const roles: Record<string, Role> = {
  owen: 'owner',
  anna: 'admin',
  alma: 'admin',
  mick: 'member',
  mona: 'member',
};
const numberOf = (name: string): number => (name === 'eve' ? 9 : names.indexOf(name as 'owen') + 1);
const addressOf = (name: string): string => `${name}:phone`;

function group(changes: Partial<Conversation> = {}): Conversation {
  const members = new Map(names.map((name) => [numberOf(name), { name, role: roles[name] as Role }]));
  const devices = new Map(
    names.map((name) => [addressOf(name), { device: 10 + numberOf(name), user: numberOf(name) }]),
  );
  return {
    ...aConversation,
    kind: 'group',
    logHead: HEAD,
    devices: new Map(names.map((name) => [10 + numberOf(name), { user: numberOf(name), lastClientSeq: 0 }])),
    roster: { members, devices, banned: new Set(['lena', 'eva']), formerClientSeqs: new Map() },
    ...changes,
  };
}
const named: Named = {
  users: new Map([['eve', 9]]),
  devices: new Map([['eve:phone', { device: 19, user: 9 }]]),
  own: new Set(),
};

function operation(
  from: string,
  type: GroupOperationRecord['type'],
  changes: Partial<GroupOperationRecord> = {},
): GroupOperationRecord {
  return {
    ...{ type, gateway: 'g1', connection: 1, user: numberOf(from), device: 10 + numberOf(from), at: 0 },
    ...{ id: 'op_1', hash: '', conversation: 'c_1', generation: 0, epoch: 0 },
    previous_sha256: HEAD.toString('base64'),
    ...{ targets: [], added_devices: [], removed_devices: [], welcome_to: [] },
    ...changes,
  };
}
const adding = { targets: ['eve'], added_devices: ['eve:phone'], welcome_to: ['eve:phone'], welcome_at: 1 };
const removing = (who: string) => ({ targets: [who], removed_devices: [addressOf(who)] });
const making = (who: string, role: Role) => ({ targets: [who], role });

type Case = [
  by: string,
  type: GroupOperationRecord['type'],
  changes: Partial<GroupOperationRecord>,
  answer: string,
];
const cases: Case[] = [
  ['owen', 'group_member_add', adding, 'yes'],
  ['anna', 'group_member_add', adding, 'yes'],
  ['mick', 'group_member_add', adding, 'PERMISSION_DENIED'],
  ['anna', 'group_member_add', { ...adding, welcome_to: [] }, 'INVALID_MESSAGE_FORMAT'],
  ['anna', 'group_member_add', { ...adding, targets: ['nobody'] }, 'PERMISSION_DENIED'],
  ['anna', 'group_member_add', { ...adding, added_devices: [], welcome_to: [] }, 'INVALID_MESSAGE_FORMAT'],
  ['owen', 'group_member_remove', removing('anna'), 'yes'],
  ['owen', 'group_member_remove', removing('mick'), 'yes'],
  ['owen', 'group_member_remove', removing('owen'), 'INVALID_MESSAGE_FORMAT'],
  ['anna', 'group_member_remove', removing('mick'), 'yes'],
  ['anna', 'group_member_remove', removing('alma'), 'PERMISSION_DENIED'],
  ['anna', 'group_member_remove', removing('owen'), 'PERMISSION_DENIED'],
  ['mick', 'group_member_remove', removing('mona'), 'PERMISSION_DENIED'],
  ['anna', 'group_member_remove', { targets: ['mick'] }, 'INVALID_MESSAGE_FORMAT'],
  ['owen', 'group_update', making('mick', 'owner'), 'yes'],
  ['owen', 'group_update', making('owen', 'admin'), 'LAST_OWNER'],
  ['anna', 'group_update', making('mick', 'admin'), 'PERMISSION_DENIED'],
  ['anna', 'group_update', making('anna', 'owner'), 'PERMISSION_DENIED'],
  ['anna', 'group_update', making('anna', 'member'), 'yes'],
  ['anna', 'group_update', { has_name: true }, 'yes'],
  ['mick', 'group_update', { has_name: true }, 'PERMISSION_DENIED'],
  ['owen', 'group_update', {}, 'INVALID_MESSAGE_FORMAT'],
  ['anna', 'group_member_add', { ...adding, targets: ['eve', 'lena'] }, 'BANNED'],
  ['anna', 'group_member_remove', { ...removing('mick'), ban: true }, 'yes'],
  ['anna', 'group_member_remove', { ...removing('alma'), ban: true }, 'PERMISSION_DENIED'],
  ['anna', 'group_update', { targets: ['eve', 'lena'], ban: true }, 'yes'],
  ['anna', 'group_update', { targets: ['lena', 'eve'], ban: false }, 'yes'],
  ['mick', 'group_update', { targets: ['eve'], ban: true }, 'PERMISSION_DENIED'],
  ['mick', 'group_update', { targets: ['lena'], ban: false }, 'PERMISSION_DENIED'],
  ['owen', 'group_update', { targets: ['mick'], ban: true }, 'INVALID_MESSAGE_FORMAT'],
  ['owen', 'group_update', { targets: ['eve', 'eve'], ban: true }, 'INVALID_MESSAGE_FORMAT'],
  ['owen', 'group_update', { targets: ['mick'], role: 'admin', ban: false }, 'INVALID_MESSAGE_FORMAT'],
  ['owen', 'group_update', { ban: true, has_name: true }, 'INVALID_MESSAGE_FORMAT'],
  ['mick', 'group_leave', { removed_devices: ['mick:phone'] }, 'yes'],
  ['mick', 'group_leave', { removed_devices: ['mona:phone'] }, 'INVALID_MESSAGE_FORMAT'],
  ['owen', 'group_leave', { removed_devices: ['owen:phone'] }, 'LAST_OWNER'],
  ['mick', 'group_commit', {}, 'yes'],
  ['mick', 'group_commit', { removed_devices: ['mona:phone'] }, 'PERMISSION_DENIED'],
  ['mick', 'group_commit', { removed_devices: ['mick:phone'] }, 'INVALID_MESSAGE_FORMAT'],
  ['anna', 'group_commit', { removed_devices: ['mick:phone'] }, 'INVALID_MESSAGE_FORMAT'],
  ['eve', 'group_commit', {}, 'PERMISSION_DENIED'],
  ['owen', 'group_commit', { epoch: 1 }, 'STALE_EPOCH'],
  ['owen', 'group_commit', { generation: 1 }, 'STALE_EPOCH'],
  ['owen', 'group_commit', { previous_sha256: '' }, 'STALE_LOG'],
];

const decide = (record: GroupOperationRecord, conversation: Conversation): string => {
  const decision = decideOperation(record, conversation, undefined, named);
  return decision.do === 'refuse' ? decision.error : 'yes';
};

test.each(cases)('%s may %s %j: %s', (by, type, changes, answer) => {
  expect(decide(operation(by, type, changes), group())).toBe(answer);
});

test('while somebody is to be removed, leaving, roles and exactly that commit are all that is taken', () => {
  const conversation = group({ due: [{ device: 77, address: 'gone:phone' }] });
  const exactly = { removed_devices: ['gone:phone'] };
  expect(decide(operation('mick', 'group_commit', exactly), conversation)).toBe('yes');
  expect(decide(operation('mick', 'group_commit'), conversation)).toBe('COMMIT_REQUIRED');
  expect(decide(operation('anna', 'group_member_add', adding), conversation)).toBe('COMMIT_REQUIRED');
  expect(decide(operation('anna', 'group_member_remove', removing('mick')), conversation)).toBe(
    'COMMIT_REQUIRED',
  );
  expect(decide(operation('anna', 'group_update', { has_name: true }), conversation)).toBe('COMMIT_REQUIRED');
  expect(decide(operation('owen', 'group_update', making('mick', 'admin')), conversation)).toBe('yes');
  expect(decide(operation('mick', 'group_leave', { removed_devices: ['mick:phone'] }), conversation)).toBe(
    'yes',
  );
});

test('a group whose outbox is full takes nothing more, but operations for longer than messages', () => {
  expect(decide(operation('mick', 'group_commit'), group({ waitingJobs: 999 }))).toBe('yes');
  const full = group({ waitingJobs: 1_000 });
  for (const type of ['group_commit', 'group_leave', 'group_update', 'group_member_remove'] as const)
    expect(decide(operation('owen', type, { removed_devices: ['mick:phone'] }), full)).toBe(
      'SERVER_UNAVAILABLE',
    );
});

test('a group bans two hundred; who is banned already needs no further place', () => {
  const bans = (count: number) => {
    const conversation = group();
    conversation.roster!.banned = new Set(Array.from({ length: count }, (_, index) => `banned${index}`));
    return conversation;
  };
  const further = { targets: ['banned0', 'eve'], ban: true };
  expect(decide(operation('owen', 'group_update', further), bans(199))).toBe('yes');
  expect(decide(operation('owen', 'group_update', further), bans(200))).toBe('BAN_LIST_FULL');
  const removal = operation('owen', 'group_member_remove', { ...removing('mick'), ban: true });
  expect(decide(removal, bans(200))).toBe('BAN_LIST_FULL');
  expect(decide(operation('owen', 'group_update', { targets: ['banned0'], ban: false }), bans(200))).toBe(
    'yes',
  );
});

test('nobody but an owner gives roles, and nobody removes an owner', () => {
  const all: Role[] = ['owner', 'admin', 'member'];
  for (const role of all) {
    expect(mayDo(role, 'remove', 'owner')).toBe(false);
    expect(all.some((to) => mayDo(role, 'promote', to))).toBe(role === 'owner');
  }
});

test('a decision changes nothing', () => {
  const conversation = group();
  const before = structuredClone(conversation);
  for (const [by, type, changes] of cases) decide(operation(by, type, changes), conversation);
  expect(conversation).toEqual(before);
});
