import { expect, test } from '@jest/globals';
import type { GroupCreateRecord } from '@securechat/protocol/internal';
import { checkDirectCreate, type Participants } from './direct-create.ts';

const participants: Participants = {
  users: new Map([
    ['alice', 1],
    ['bob', 2],
  ]),
  devices: new Map([
    ['alice:phone', { device: 11, user: 1 }],
    ['alice:laptop', { device: 12, user: 1 }],
    ['bob:phone', { device: 21, user: 2 }],
    ['charlie:phone', { device: 31, user: 3 }],
  ]),
  existing: undefined,
};
const record: GroupCreateRecord = {
  type: 'group_create',
  gateway: 'g1',
  connection: 1,
  user: 1,
  device: 11,
  at: 0,
  id: 'm_1',
  hash: '',
  conversation: 'c_1',
  generation: 0,
  epoch: 0,
  members: ['alice', 'bob'],
  added_devices: ['alice:phone', 'alice:laptop', 'bob:phone'],
  welcome_to: ['alice:laptop', 'bob:phone'],
};

test.each<[string, Partial<GroupCreateRecord>]>([
  ['names both and welcomes all other devices', {}],
  ['names them in another order', { members: ['bob', 'alice'], welcome_to: ['bob:phone', 'alice:laptop'] }],
  [
    'leaves out another device of the creator',
    { added_devices: ['bob:phone', 'alice:phone'], welcome_to: ['bob:phone'] },
  ],
])('a creation that %s is good', (_, changes) => {
  expect(checkDirectCreate({ ...record, ...changes }, participants)).toBeUndefined();
});

const DENIED = 'PERMISSION_DENIED';
test.each<[string, Partial<GroupCreateRecord>, string]>([
  ['begins at another epoch', { epoch: 1 }, '/epoch'],
  ['begins at another generation', { generation: 1 }, '/epoch'],
  ['follows another operation', { previous_sha256: 'AAAA' }, '/previous_sha256'],
  ['has one member', { members: ['alice'] }, '/members'],
  ['has the same member twice', { members: ['alice', 'alice'] }, '/members'],
  ['has three members', { members: ['alice', 'bob', 'charlie'] }, '/members'],
  ['names a device twice', { added_devices: [...record.added_devices, 'bob:phone'] }, '/added_devices'],
  ['is made by somebody else', { user: 3, device: 31 }, DENIED],
  ['has an unknown member', { members: ['alice', 'nobody'] }, DENIED],
  ['has an unknown or revoked device', { added_devices: [...record.added_devices, 'bob:lost'] }, DENIED],
  ['has a device of somebody else', { added_devices: [...record.added_devices, 'charlie:phone'] }, DENIED],
  [
    'has no device of the peer',
    { added_devices: ['alice:phone', 'alice:laptop'], welcome_to: ['alice:laptop'] },
    '/added_devices',
  ],
  [
    'has no device of the creator',
    { added_devices: ['bob:phone'], welcome_to: ['bob:phone'] },
    '/added_devices',
  ],
  ['lacks the creating device', { added_devices: ['alice:laptop', 'bob:phone'] }, '/added_devices'],
  ['welcomes too few', { welcome_to: ['bob:phone'] }, '/welcome_to'],
  ['welcomes the creating device', { welcome_to: record.added_devices }, '/welcome_to'],
  ['welcomes a device that it does not add', { welcome_to: ['alice:laptop', 'bob:tv'] }, '/welcome_to'],
  ['welcomes a device twice', { welcome_to: [...record.welcome_to, 'bob:phone'] }, '/welcome_to'],
])('a creation that %s is refused', (_, changes, refusal) => {
  const found = checkDirectCreate({ ...record, ...changes }, participants);
  expect(found).toEqual(
    refusal === DENIED ? { error: DENIED } : { error: 'INVALID_MESSAGE_FORMAT', detail: { path: refusal } },
  );
});
