import { beforeEach, describe, expect, test } from '@jest/globals';
import { type Downstream, decodeUpstream, FrameReader, type Upstream } from '@securechat/protocol';
import type { Connection, ConnectionEvents, ConnectionState, Session } from '../connection/connection.ts';
import { Emitter } from '../events.ts';
import { FakeClock, settled } from '../testing/fake-clock.ts';
import { Presence } from './presence.ts';

const HERE = 'c_0123456789abcdef';

let clock: FakeClock;
let events: Emitter<ConnectionEvents>;
let sent: Upstream[];
let asked: { user_ids: string[]; answer(states: Downstream<'presence_subscribe'>['states']): void }[];
let session: Pick<Session, 'capabilities'> | undefined;
let closing: AbortController;
let presence: Presence;
let told: string[];
let heard: (userId: string) => void;

beforeEach(() => {
  clock = new FakeClock();
  events = new Emitter();
  closing = new AbortController();
  [sent, asked, told, session] = [[], [], [], undefined];
  const connection = {
    get session() {
      return session;
    },
    send(frame: Uint8Array) {
      new FrameReader(() => 65_536).read(frame, ({ type, payload }) =>
        sent.push(decodeUpstream(type, payload)),
      );
      return true;
    },
    request: (_: string, { user_ids }: { user_ids: string[] }) =>
      new Promise((resolve) => asked.push({ user_ids, answer: (states) => resolve({ states }) })),
    on: events.on.bind(events),
  } as unknown as Connection;
  presence = new Presence({
    ...{ connection, clock, ownId: 'me', signal: closing.signal },
    onHeard: (listener) => {
      heard = listener;
    },
    isMember: (conversationId, userId) => conversationId === HERE && userId !== 'stranger',
  });
  presence.on('status', ({ userId, status }) => told.push(`${userId} ${status}`));
  presence.on('typing', ({ userId, isTyping }) => told.push(`${userId} ${isTyping ? 'writes' : 'stops'}`));
});

function become(state: ConnectionState, capabilities: string[] = ['presence']): void {
  session = state === 'connected' ? { capabilities } : undefined;
  events.emit('state', state);
}
const comes = (message: Downstream): void => events.emit('message', message);
const writes = (user_id: string, typing = true, chat_id = HERE): void =>
  comes({ type: 'typing', chat_id, user_id, typing, expires_at: 9_999_999_999 });

test('says and asks nothing by itself, and with each connection again what was wanted', () => {
  become('connected');
  expect([sent, asked]).toEqual([[], []]);
  presence.show('away');
  presence.watch(['bob']);
  become('disconnected');
  become('connected');
  expect(sent).toEqual([
    { type: 'presence', status: 'away' },
    { type: 'presence', status: 'away' },
  ]);
  expect(asked.map(({ user_ids }) => user_ids)).toEqual([['bob'], ['bob']]);
});

test('says nothing to a server that has no presence', () => {
  presence.show('online');
  presence.watch(['bob']);
  become('connected', ['message_relay']);
  presence.typing(HERE, true);
  expect([sent, asked]).toEqual([[], []]);
  expect(presence.of('bob')).toEqual({ status: 'offline' });
});

describe('a person', () => {
  test('is as the server says last, and nobody is there without a connection', async () => {
    become('connected');
    presence.watch(['bob', 'carol']);
    asked[0]?.answer([
      { user_id: 'bob', status: 'online' },
      { user_id: 'carol', status: 'offline', last_seen: 3_600 },
    ]);
    await settled();
    expect(presence.of('carol')).toEqual({ status: 'offline', lastSeenMs: 3_600_000 });
    comes({ type: 'presence', user_id: 'bob', status: 'busy' });
    comes({ type: 'presence', user_id: 'nobody-asked-for', status: 'online' });
    become('disconnected');
    expect(told).toEqual(['bob online', 'carol offline', 'bob busy', 'bob offline']);
  });

  test('of an earlier list is not told of any more', async () => {
    become('connected');
    presence.watch(['bob']);
    presence.watch(['carol']);
    asked[0]?.answer([{ user_id: 'bob', status: 'online' }]);
    await settled();
    expect([told, presence.of('bob').status]).toEqual([[], 'offline']);
  });
});

test('who is heard is asked about again, since they may be seen from now on; not more often than every five seconds', async () => {
  become('connected');
  presence.watch(['bob']);
  heard('bob');
  heard('bob');
  heard('carol');
  await clock.pass(4_999);
  expect(asked).toHaveLength(1);
  await clock.pass(1);
  expect(asked).toHaveLength(2);
  asked[1]?.answer([{ user_id: 'bob', status: 'online' }]);
  await settled();
  heard('bob');
  await clock.pass(10_000);
  expect(asked).toHaveLength(2);
});

describe('that somebody writes', () => {
  test('is shown until they stop, or for five seconds, whatever the server says', async () => {
    become('connected');
    writes('bob');
    writes('carol');
    expect(presence.typists(HERE)).toEqual(['bob', 'carol']);
    writes('bob', false);
    await clock.pass(3_000);
    writes('carol');
    await clock.pass(4_999);
    expect(presence.typists(HERE)).toEqual(['carol']);
    await clock.pass(1);
    expect(presence.typists(HERE)).toEqual([]);
    expect(told).toEqual(['bob writes', 'carol writes', 'bob stops', 'carol stops']);
  });

  test('is not shown of oneself, of who is not in the conversation, or in one that is not there', () => {
    become('connected');
    writes('me');
    writes('stranger');
    writes('bob', true, 'c_elsewhere_9876543');
    expect(told).toEqual([]);
  });

  test('leaves nothing behind when the client is closed', () => {
    become('connected');
    writes('bob');
    closing.abort();
    expect([clock.planned, presence.typists(HERE)]).toEqual([0, []]);
  });

  test('is told every three seconds at most, and that one has stopped only if it was told', async () => {
    become('connected');
    const toldOf = () => sent.flatMap((message) => (message.type === 'typing' ? [message.typing] : []));
    presence.typing(HERE, false);
    presence.typing(HERE, true);
    presence.typing(HERE, true);
    await clock.pass(3_000);
    presence.typing(HERE, true);
    presence.typing(HERE, false);
    presence.typing(HERE, false);
    expect(toldOf()).toEqual([true, true, false]);
    presence.typing(HERE, true);
    await clock.pass(5_000);
    presence.typing(HERE, false);
    expect(toldOf()).toEqual([true, true, false, true]);
  });
});
