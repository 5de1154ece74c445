import { expect, test } from '@jest/globals';
import type { Downstream, Upstream } from '@securechat/protocol';
import { makeChat, makeGroupCreate, newConversationId } from '../envelope.ts';
import { History } from '../history.ts';
import { alice, bob } from '../people.ts';
import { until } from '../until.ts';
import { type AckPolicy, Mailbox, type ReceivedChat, type Truncation } from './mailbox.ts';

const conversationId = newConversationId();

function openMailbox(acks: AckPolicy = 'at once') {
  const chats: ReceivedChat[] = [];
  const sent: (Upstream<'ack'> | Upstream<'sync'>)[] = [];
  const truncations: Truncation[] = [];
  const history = new History();
  const mailbox = new Mailbox(
    'bob:phone',
    acks,
    {
      send: (_name, message) => void sent.push(message),
      chat: (chat) => void chats.push(chat),
      operation: () => undefined,
      truncated: (entry) => void truncations.push(entry),
      receipt: () => undefined,
    },
    history,
  );
  return { mailbox, chats, sent, history, seqs: () => chats.map(({ seq }) => seq) };
}

function chat(seq: number): Downstream<'chat'> {
  const device = alice.device(0);
  const envelope = makeChat({
    ...{ from: alice, device, to: 'bob', conversationId, clientSeq: seq, payload: `text ${seq}` },
  });
  return { ...envelope, delivery: { seq, conv_seq: seq + 1, server_ts_ms: 1 } };
}

function page(seqs: number[], options: { through?: number; more?: boolean } = {}): Downstream<'sync_page'> {
  const { through = seqs.at(-1) ?? 0, more = false } = options;
  return { type: 'sync_page', items: seqs.map(chat), through, more, mailbox_epoch: 3 };
}

test('the first page makes it live; then pushes follow', () => {
  const { mailbox, seqs } = openMailbox();
  expect(mailbox.resume()).toEqual({ type: 'resume', cursor: 0 });
  mailbox.push(chat(3));
  mailbox.page(page([1, 2, 3]));
  expect(mailbox.isLive).toBe(true);
  mailbox.push(chat(4));
  expect(seqs()).toEqual([1, 2, 3, 4]);
  mailbox.disconnected();
});

test('a hole is repaired in band, once, and what lies behind it waits for the page', () => {
  const { mailbox, sent, seqs } = openMailbox();
  mailbox.page(page([1]));
  mailbox.push(chat(3));
  mailbox.push(chat(4));
  expect(sent).toEqual([{ type: 'sync', from: 1 }]);
  mailbox.page(page([2, 3, 4]));
  expect(seqs()).toEqual([1, 2, 3, 4]);
  expect(mailbox.isLive).toBe(true);
  mailbox.disconnected();
});

test('what it has already is dropped and goes on record', () => {
  const { mailbox, history, seqs } = openMailbox();
  mailbox.page(page([1, 2]));
  mailbox.push(chat(2));
  mailbox.page(page([1, 2]));
  expect(seqs()).toEqual([1, 2]);
  const again = history.events.filter((event) => event.type === 'recv' && event.again);
  expect(again).toHaveLength(3);
  mailbox.disconnected();
});

test('a page may pass over what has expired', () => {
  const { mailbox, seqs } = openMailbox();
  mailbox.page(page([2, 5], { through: 9 }));
  expect([mailbox.cursor, seqs()]).toEqual([9, [2, 5]]);
  mailbox.push(chat(10));
  expect(mailbox.cursor).toBe(10);
  mailbox.disconnected();
});

test('one ack covers a whole page', async () => {
  const { mailbox, sent } = openMailbox();
  mailbox.page(page([1, 2, 3], { more: true }));
  await until('it has acked', () => sent.length > 0);
  expect(sent).toEqual([{ type: 'ack', through: 3 }]);
  expect(mailbox.isLive).toBe(false);
  mailbox.disconnected();
});

test('the next connection starts from the cursor, which counts as an ack', () => {
  const { mailbox, history } = openMailbox({ afterMs: 60_000 });
  mailbox.page(page([1, 2]));
  mailbox.disconnected();
  expect(mailbox.resume()).toEqual({ type: 'resume', cursor: 2, mailbox_epoch: 3 });
  expect(history.events.at(-1)).toMatchObject({ type: 'device-ack', device: 'bob:phone', through: 2 });
  mailbox.disconnected();
});

test('who never acks says so by cursor 0 and drops what comes again', () => {
  const { mailbox, sent, seqs } = openMailbox('never');
  mailbox.page(page([1, 2]));
  mailbox.disconnected();
  expect(mailbox.resume()).toMatchObject({ cursor: 0 });
  mailbox.page(page([1, 2]));
  expect([seqs(), sent]).toEqual([[1, 2], []]);
});

test('a conversation takes a place in the mailbox like a chat', () => {
  const { mailbox } = openMailbox();
  mailbox.page(page([]));
  const operation = makeGroupCreate({ creator: alice, device: alice.device(0), peer: bob });
  mailbox.push({ ...operation, delivery: { seq: 1, conv_seq: 1, server_ts_ms: 1 } });
  expect(mailbox.cursor).toBe(1);
  mailbox.disconnected();
});
