import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Upstream } from '@securechat/protocol';
import { newConversationId } from '../envelope.ts';
import { alice, bob } from '../people.ts';
import {
  createTinyLogin,
  type Peer,
  startTinyGateway,
  type TinyGateway,
  type TinyLogin,
} from '../testing/tiny-gateway.ts';
import { until } from '../until.ts';
import { ChatClient } from './chat-client.ts';
import type { Conversation } from './conversations.ts';

const conversation: Conversation = { id: newConversationId(), peer: 'bob' };

let gateways: TinyGateway[];
let login: TinyLogin;
/** Every message after the login, with the index of its gateway. */
let seen: { gateway: number; message: Upstream; peer: Peer }[];
let answer: (message: Upstream, peer: Peer) => void;
let client: ChatClient;

beforeEach(async () => {
  login = createTinyLogin();
  seen = [];
  answer = answerLikeAServer;
  gateways = await Promise.all([0, 1].map((index) => startTinyGateway((m, p) => handle(index, m, p))));
});
afterEach(async () => {
  await client.close();
  await Promise.all(gateways.map((gateway) => gateway.close()));
});

function handle(gateway: number, message: Upstream, peer: Peer): void {
  if (message.type === 'client_hello') seen.push({ gateway, message, peer });
  if (login.answer(message, peer)) return;
  seen.push({ gateway, message, peer });
  answer(message, peer);
}

function answerLikeAServer(message: Upstream, peer: Peer): void {
  if (message.type === 'resume') {
    const through = message.cursor;
    peer.send('sync_page', { type: 'sync_page', items: [], through, more: false, mailbox_epoch: 1 });
  }
  if (message.type === 'ping') peer.send('pong', { type: 'pong', timestamp: 0, sequence: message.sequence });
  if (message.type === 'chat' || message.type === 'group_create') {
    const { id: ref, conversation_id } = message;
    const place = { conversation_id, conv_seq: 1, server_ts_ms: 1 };
    peer.send('ack', { type: 'ack', ref, status: 'stored', ...place });
  }
}

async function openClient(): Promise<ChatClient> {
  client = await ChatClient.open({
    person: alice,
    device: alice.device(0),
    serviceKey: login.serviceKey,
    gateways: gateways.map(({ websocket }) => websocket),
    waitScale: 0.01,
  });
  return client;
}

const seenOf = <T extends Upstream['type']>(type: T) =>
  seen.filter(({ message }) => message.type === type) as {
    gateway: number;
    message: Upstream<T>;
    peer: Peer;
  }[];

test('it sends, gets its answer, and both are in the history', async () => {
  await openClient();
  const ack = await client.sendChat(conversation, 'hello');
  expect(ack.conv_seq).toBe(1);
  expect(client.history.events).toMatchObject([
    { type: 'connection', phase: 'up', device: 'alice:phone' },
    { type: 'send', phase: 'invoke', device: 'alice:phone', id: ack.ref },
    { type: 'send', phase: 'ok', device: 'alice:phone', id: ack.ref, client_seq: 1, conv_seq: 1 },
  ]);
});

test('a lost connection leads to the next gateway, with the ticket and the same bytes', async () => {
  await openClient();
  answer = (message, peer) => {
    if (message.type === 'chat' && seenOf('chat').length === 1) peer.end();
    else answerLikeAServer(message, peer);
  };
  await client.sendChat(conversation, 'hello');
  const [first, second] = seenOf('chat');
  expect([first?.gateway, second?.gateway]).toEqual([0, 1]);
  expect(second?.message).toEqual(first?.message);
  const phases = client.history.events.map((event) => 'phase' in event && event.phase);
  expect(phases).toEqual(['up', 'invoke', 'down', 'up', 'again', 'ok']);
  expect(seenOf('client_hello').map(({ message }) => message.resume)).toEqual([undefined, 'ticket']);
});

test('every error is in the history, with what it is about', async () => {
  await openClient();
  answer = (message, peer) => {
    if (message.type !== 'chat') return answerLikeAServer(message, peer);
    peer.refuse('RATE_LIMITED', { scope: 'syncs' });
    peer.refuse('EXPIRED', { reference_id: message.id });
  };
  await expect(client.sendChat(conversation, 'hello')).rejects.toThrow('EXPIRED');
  const [message] = seenOf('chat');
  const about = { about: message?.message.id, conversation_id: conversation.id };
  expect(client.history.events.filter(({ type }) => type === 'error')).toMatchObject([
    { device: 'alice:phone', error: 'RATE_LIMITED', scope: 'syncs' },
    { device: 'alice:phone', error: 'EXPIRED', ...about },
  ]);
});

test('a close that means "do not come back" is obeyed', async () => {
  await openClient();
  seenOf('resume')[0]?.peer.end(4504);
  await until('it has ended', () => client.endedBy);
  expect(client.endedBy?.message).toContain('closed with 4504');
  expect(seenOf('client_hello')).toHaveLength(1);
});

test('that it gave up stays known when it goes online again', async () => {
  await openClient();
  seenOf('resume')[0]?.peer.end(4504);
  await until('it has ended', () => client.endedBy);
  client.goOnline();
  await client.live();
  expect(client.endedBy).toBeUndefined();
  expect(client.history.events.filter(({ type }) => type === 'gave-up')).toMatchObject([
    { device: 'alice:phone', why: expect.stringContaining('closed with 4504') },
  ]);
});

test('a server that says when to come back is believed', async () => {
  await openClient();
  const peer = seenOf('resume')[0]?.peer;
  peer?.send('goaway', { type: 'goaway', code: 1012, reason: 'restart', reconnect_after_ms: 300 });
  const toldAtMs = performance.now();
  peer?.end(1012);
  await until('it is back', () => seenOf('resume').length === 2);
  expect(performance.now() - toldAtMs).toBeGreaterThan(290);
});

test('a refused ticket is forgotten, and the login tried without', async () => {
  await openClient();
  const genuine = login.answer;
  login.answer = (message, peer) => {
    if (message.type !== 'client_auth' || seenOf('client_hello').at(-1)?.message.resume === undefined) {
      return genuine(message, peer);
    }
    peer.refuse('AUTHENTICATION_FAILED');
    return true;
  };
  client.cutConnection();
  await until('it is back', () => seenOf('resume').length === 2);
  const resumes = seenOf('client_hello').map(({ message }) => message.resume);
  expect(resumes).toEqual([undefined, 'ticket', undefined]);
});

test('a refused login is final', async () => {
  login.answer = (_message, peer) => {
    peer.refuse('AUTHENTICATION_FAILED');
    return true;
  };
  client = new ChatClient({
    ...{ person: alice, device: alice.device(0), serviceKey: login.serviceKey },
    gateways: [gateways[0]!.websocket],
  });
  client.goOnline();
  await expect(client.live()).rejects.toThrow('AUTHENTICATION_FAILED');
});

test('the loser of a race for a conversation takes the winner', async () => {
  await openClient();
  answer = (message, peer) => {
    if (message.type !== 'group_create') return answerLikeAServer(message, peer);
    const detail = { reference_id: message.id, conversation_id: conversation.id, epoch: 2 };
    peer.refuse('CONVERSATION_EXISTS', detail);
  };
  expect(await client.groups.createDirect(bob)).toEqual(conversation);
  await client.sendChat(conversation, 'hello');
  expect(seenOf('chat')[0]?.message.epoch).toBe(2);
});

test('of marks that come the greater count, in whatever order they come', async () => {
  await openClient();
  const mark = { type: 'receipt', conversation_id: conversation.id, user_id: 'bob' } as const;
  const told = [
    [5, 1],
    [4, 4],
  ] as const;
  for (const [delivered_through, read_through] of told) {
    seenOf('resume')[0]?.peer.send('receipt', { ...mark, delivered_through, read_through });
  }
  await until('both have come', () => client.watermarkOf(conversation, 'bob')?.read_through === 4);
  expect(client.watermarkOf(conversation, 'bob')).toMatchObject({ delivered_through: 5, read_through: 4 });
});

test('it says how its heart beats, and leaves a server that does not answer', async () => {
  answer = (message, peer) => (message.type === 'ping' ? undefined : answerLikeAServer(message, peer));
  client = await ChatClient.open({
    ...{ person: alice, device: alice.device(0), serviceKey: login.serviceKey },
    gateways: gateways.map(({ websocket }) => websocket),
    waitScale: 0.01,
    heartbeatMs: 50,
  });
  await until('it went to the other gateway', () => seenOf('resume').some(({ gateway }) => gateway === 1));
  expect(seenOf('ping').length).toBeGreaterThan(1);
});

test('what is unanswered at the end is neither ok nor failed', async () => {
  await openClient();
  answer = (message, peer) => (message.type === 'chat' ? undefined : answerLikeAServer(message, peer));
  const sending = client.sendChat(conversation, 'hello');
  await until('the chat was seen', () => seenOf('chat').length === 1);
  expect(client.unanswered).toBe(1);
  await client.close();
  await expect(sending).rejects.toThrow('alice:phone was closed');
  expect(client.history.events.at(-1)).toMatchObject({ type: 'send', phase: 'info' });
});
