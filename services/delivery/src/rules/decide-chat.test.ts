import { describe, expect, test } from '@jest/globals';
import type { ChatRecord } from '@securechat/protocol/internal';
import type { KnownMessage } from '../store/known-messages.ts';
import type { Conversation } from '../store/state.ts';
import { aConversation } from '../testing/conversation.ts';
import { decideChat } from './decide-chat.ts';

const NOW_MS = 1_700_000_000_000;
const AT = { nowMs: NOW_MS, policy: { messagesPerEpoch: 1000 } };
const HASH = Buffer.alloc(32, 1);
const ALICE = 1;
const BOB = 2;
const PHONE = 11;

const record: ChatRecord = {
  type: 'chat',
  gateway: 'g1',
  connection: 1,
  user: ALICE,
  device: PHONE,
  at: NOW_MS,
  id: 'm_1',
  hash: HASH.toString('base64'),
  conversation: 'c_1',
  client_seq: 6,
  epoch: 3,
  to: 'bob',
  knows_commits: true,
};
const conversation: Conversation = {
  ...aConversation,
  epoch: 3,
  nextSeq: 20,
  isOpen: true,
  names: new Map([
    [ALICE, 'alice'],
    [BOB, 'bob'],
  ]),
  devices: new Map([
    [PHONE, { user: ALICE, lastClientSeq: 5 }],
    [21, { user: BOB, lastClientSeq: 0 }],
  ]),
};
const closed: Conversation = { ...conversation, isOpen: false };
const alone: Conversation = {
  ...conversation,
  devices: new Map([
    [PHONE, { user: ALICE, lastClientSeq: 5 }],
    [12, { user: ALICE, lastClientSeq: 0 }],
  ]),
};
const group: Conversation = { ...conversation, names: new Map() };
const known: KnownMessage = { hash: HASH, conversation: 'c_1', convSeq: 9, serverTsMs: 5 };
const otherContent: KnownMessage = { ...known, hash: Buffer.alloc(32, 2) };

type Case = [
  name: string,
  changes: Partial<ChatRecord>,
  state: { conversation?: Conversation | undefined; known?: KnownMessage },
  decision: string,
];

const cases: Case[] = [
  ['is the next of its device', {}, {}, 'store'],
  ['is for a group, by the name of the group', { to: 'c_1' }, { conversation: group }, 'store'],
  ['is known with this content', {}, { known }, 'repeat 9'],
  ['is known with other content', {}, { known: otherContent }, 'ID_REUSED'],
  ['is of an unknown conversation', {}, { conversation: undefined }, 'PERMISSION_DENIED'],
  ['is of a device that is not entitled', { device: 12 }, {}, 'PERMISSION_DENIED'],
  ['is for somebody else', { to: 'charlie' }, {}, 'PERMISSION_DENIED'],
  ['is for the sender', { to: 'alice' }, {}, 'PERMISSION_DENIED'],
  ['is for the conversation, which is a direct one', { to: 'c_1' }, {}, 'PERMISSION_DENIED'],
  ['is known although the conversation is closed', {}, { conversation: closed, known }, 'repeat 9'],
  ['is for somebody who is blocked, or blocks', {}, { conversation: closed }, 'PERMISSION_DENIED'],
  ['is for somebody without a device', {}, { conversation: alone }, 'PERMISSION_DENIED'],
  ['is for a member of a group', { to: 'bob' }, { conversation: group }, 'PERMISSION_DENIED'],
  ['expires later', { expires_at: NOW_MS / 1000 + 1 }, {}, 'store'],
  ['expires now', { expires_at: NOW_MS / 1000 }, {}, 'EXPIRED'],
  ['is of an earlier epoch', { epoch: 2 }, {}, 'STALE_EPOCH {"epoch":3}'],
  ['is of a later epoch', { epoch: 4 }, {}, 'STALE_EPOCH {"epoch":3}'],
  ['is of another generation', { generation: 1 }, {}, 'STALE_EPOCH {"epoch":3}'],
  [
    'is of the generation before a restart',
    {},
    { conversation: { ...conversation, generation: 2 } },
    'STALE_EPOCH {"epoch":3,"generation":2}',
  ],
  [
    'comes while a device is to be removed',
    {},
    { conversation: { ...conversation, due: [{ device: 22, address: 'bob:pad' }] } },
    'COMMIT_REQUIRED {"generation":0,"epoch":3,"removed_devices":["bob:pad"]}',
  ],
  ['is the thousandth of its epoch', {}, { conversation: { ...conversation, epochMessages: 999 } }, 'store'],
  [
    'is the thousand-and-first of its epoch',
    {},
    { conversation: { ...conversation, epochMessages: 1000 } },
    'COMMIT_REQUIRED {"generation":0,"epoch":3,"removed_devices":[]}',
  ],
  [
    'comes while a device is to be removed, by a gateway that knows no commits',
    { knows_commits: undefined },
    { conversation: { ...conversation, due: [{ device: 22, address: 'bob:pad' }] } },
    'SERVER_UNAVAILABLE {"retry_after_ms":1000}',
  ],
  [
    'is the thousand-and-first of its epoch, by a gateway that knows no commits',
    { knows_commits: undefined },
    { conversation: { ...conversation, epochMessages: 1000 } },
    'store',
  ],
  [
    'comes while the fan-out has fallen behind',
    {},
    { conversation: { ...conversation, waitingJobs: 500 } },
    'SERVER_UNAVAILABLE {"retry_after_ms":1000}',
  ],
  ['leaves a gap', { client_seq: 7 }, {}, 'SEQ_GAP {"expected":6}'],
  ['repeats a number under a new id', { client_seq: 5 }, {}, 'SEQ_GAP {"expected":6}'],
];

function decide(changes: Partial<ChatRecord>, state: Case[2]): string {
  const found = 'conversation' in state ? state.conversation : conversation;
  const decision = decideChat({ ...record, ...changes }, found, state.known, AT);
  if (decision.do === 'repeat') return `repeat ${decision.convSeq}`;
  if (decision.do === 'store') return 'store';
  return [decision.error, decision.detail && JSON.stringify(decision.detail)].filter(Boolean).join(' ');
}

test.each(cases)('a message that %s', (_, changes, state, decision) => {
  expect(decide(changes, state)).toBe(decision);
});

describe('the first rule that is broken gives the answer', () => {
  const everything = { to: 'charlie', expires_at: 1, epoch: 2, client_seq: 9 };
  test.each<[string, Partial<ChatRecord>, Case[2], string]>([
    ['a known id comes before all', everything, { conversation: undefined, known }, 'repeat 9'],
    ['so does one with other content', everything, { known: otherContent }, 'ID_REUSED'],
    ['membership comes before epoch and client_seq', everything, {}, 'PERMISSION_DENIED'],
    ['so does a block', { ...everything, to: 'bob' }, { conversation: closed }, 'PERMISSION_DENIED'],
    ['expiry comes before epoch', { ...everything, to: 'bob' }, {}, 'EXPIRED'],
    [
      'a removal that is due comes before client_seq',
      { client_seq: 9 },
      { conversation: { ...conversation, due: [{ device: 22, address: 'bob:pad' }] } },
      'COMMIT_REQUIRED {"generation":0,"epoch":3,"removed_devices":["bob:pad"]}',
    ],
    ['epoch comes before client_seq', { epoch: 2, client_seq: 9 }, {}, 'STALE_EPOCH {"epoch":3}'],
  ])('%s', (_, changes, state, decision) => {
    expect(decide(changes, state)).toBe(decision);
  });
});

test('a retry whose answer was lost gets that answer although the epoch has moved, and the next is told to re-seal', () => {
  const moved = { ...conversation, epoch: 4 };
  expect(decideChat(record, moved, known, AT)).toEqual({
    do: 'repeat',
    conversation: 'c_1',
    convSeq: 9,
    atMs: 5,
  });
  expect(decide({ id: 'm_2' }, { conversation: moved })).toBe('STALE_EPOCH {"epoch":4}');
  expect(decide({ id: 'm_2', epoch: 4 }, { conversation: moved })).toBe('store');
});

test('a decision changes nothing', () => {
  const before = structuredClone(conversation);
  for (const [, changes, state] of cases) decide(changes, state);
  expect(conversation).toEqual(before);
});
