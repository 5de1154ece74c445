import { expect, test } from '@jest/globals';
import type { ChatRecord } from '@securechat/protocol/internal';
import { BatchPlan } from './batch-plan.ts';
import { DEFAULT_POLICY } from './rules/policy.ts';
import type { Mailbox } from './store/mailboxes.ts';
import type { BatchState, Conversation } from './store/state.ts';
import { aConversation } from './testing/conversation.ts';
import { chatFrom } from './testing/records.ts';

const NOW_MS = 1_700_000_000_000;
const [phone, laptop, peer] = [11, 12, 21];
const alice = { name: 'alice', user: 1, devices: [] };
const bob = { name: 'bob', user: 2, devices: [] };

function conversation(id: number, nextSeq: number): Conversation {
  const devices = new Map(
    [phone, laptop, peer].map((device) => [device, { user: device === peer ? 2 : 1, lastClientSeq: 0 }]),
  );
  return { ...aConversation, id, extId: `c_${id}`, nextSeq, devices };
}

const mailbox = (head: number): Mailbox => ({
  head,
  putCount: head,
  putBytes: 0,
  goneCount: 0,
  goneBytes: 0,
});

function planWith(...conversations: Conversation[]): BatchPlan {
  const state: BatchState = {
    conversations: new Map(conversations.map((found) => [found.extId, found])),
    mailboxes: new Map([
      [phone, mailbox(100)],
      [laptop, mailbox(200)],
      [peer, mailbox(0)],
    ]),
    acking: new Map(),
    known: new Map(),
  };
  return new BatchPlan(state, NOW_MS, DEFAULT_POLICY);
}

function store(plan: BatchPlan, target: Conversation, device: number): void {
  const from = { user: device === peer ? 2 : 1, device, address: '' };
  const { head, body } = chatFrom(from, { conversation: target.extId, a: alice, b: bob }, 1).value;
  plan.store({
    conversation: target,
    record: head as ChatRecord,
    frameType: 1,
    hash: Buffer.alloc(32),
    expiresAt: undefined,
    body,
  });
}

test('numbers go up by one in each conversation and each mailbox; the sending device gets no copy', () => {
  const [one, two] = [conversation(1, 7), conversation(2, 1)];
  const plan = planWith(one, two);
  store(plan, one, phone);
  store(plan, two, phone);
  store(plan, one, peer);
  const places = plan.stored.map(({ conversation, convSeq, recipients }) => ({
    at: `${conversation.extId} ${convSeq}`,
    to: recipients.map(({ device, user, seq }) => `${user}/${device}: ${seq}`),
  }));
  expect(places).toEqual([
    { at: 'c_1 7', to: ['1/12: 201', '2/21: 1'] },
    { at: 'c_2 1', to: ['1/12: 202', '2/21: 2'] },
    { at: 'c_1 8', to: ['1/11: 101', '1/12: 203'] },
  ]);
  expect([one.nextSeq, two.nextSeq]).toEqual([9, 2]);
});

test('a device without a mailbox is passed over', () => {
  const one = conversation(1, 1);
  one.devices.set(99, { user: 9, lastClientSeq: 0 });
  const plan = planWith(one);
  store(plan, one, phone);
  expect(plan.stored[0]?.recipients.map(({ device }) => device)).toEqual([laptop, peer]);
});

test('the answer says where the message is and when it came', () => {
  const one = conversation(1, 7);
  const plan = planWith(one);
  store(plan, one, phone);
  const record = plan.stored[0]?.record;
  expect(plan.answers).toEqual([
    {
      gateway: 'g1',
      record: {
        kind: 'stored',
        connection: phone,
        ref: record?.id,
        conversation: 'c_1',
        conv_seq: 7,
        at: NOW_MS,
        received_at: record?.at,
        dup: false,
      },
    },
  ]);
});
