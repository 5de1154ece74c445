import { beforeEach, describe, expect, test } from '@jest/globals';
import { createTestClock, type TestClock } from '@securechat/kernel/testing';
import { encodeFrame, encodeUpstream, type Upstream } from '@securechat/protocol';
import { limits } from '../limits/table.ts';
import type { Requests } from '../streams/requests.ts';
import { createTestContext, sessionOf } from '../testing/context.ts';
import { TestTransport, turnEnded } from '../testing/transport.ts';
import { Connection } from './connection.ts';
import { refuse } from './refuse.ts';

let clock: TestClock;
let context: ReturnType<typeof createTestContext>;
let transport: TestTransport;
let connection: Connection;
/** Auth's answers, in the order of the questions; the test settles them. */
let lookups: PromiseWithResolvers<{ list: null }>[];

function connect(kind: 'websocket' | 'tcp' = 'tcp'): void {
  transport = new TestTransport(kind);
  connection = new Connection(context, transport, '192.0.2.1');
}

function logIn(): void {
  connection.session = sessionOf(1, 2);
  connection.enter('ready');
}

beforeEach(() => {
  clock = createTestClock();
  lookups = [];
  const requests = {
    askAuth() {
      const answer = Promise.withResolvers<{ list: null }>();
      lookups.push(answer);
      return answer.promise;
    },
  } as unknown as Requests;
  const directory = { remove: () => Promise.resolve() } as unknown as typeof context.directory;
  context = createTestContext(clock, { requests, directory });
  connect();
});

/** Time passes, with a sweep every second. */
function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 1000) {
    clock.advance(Math.min(left, 1000));
    connection.sweep(clock.monotonicMs());
  }
}

const ping = (sequence: number): Uint8Array =>
  encodeUpstream('ping', { type: 'ping', timestamp: 0, sequence });
const lookup = (id: string): Uint8Array =>
  encodeUpstream('device_list', {
    type: 'device_list',
    id,
    user_id: 'bob',
  } satisfies Upstream<'device_list'>);

async function answers(): Promise<string[]> {
  await turnEnded();
  await turnEnded();
  return transport.messages().map((message) => {
    if (message.type === 'error')
      return message.error_code + (message.reference_id ? ` ${message.reference_id}` : '');
    return message.type === 'pong' ? `pong ${message.sequence}` : message.type;
  });
}

describe('deadlines', () => {
  test.each(['hello', 'proof', 'login'] as const)(
    'a login that stays in %s is ended after its time',
    (state) => {
      if (state !== 'hello') connection.advance(state);
      pass(10_000);
      expect(transport.closedFor).toBeUndefined();
      pass(1);
      expect(transport.closedFor).toBe('handshake_timeout');
    },
  );

  test('no step of the login gives it more time, and neither do bytes', () => {
    pass(5000);
    connection.advance('proof');
    pass(4000);
    connection.onBytes(ping(1).subarray(0, 3));
    connection.advance('login');
    pass(2000);
    expect(transport.closedFor).toBe('handshake_timeout');
  });

  test('a session that is not heard for two and a half beats is ended', () => {
    logIn();
    pass(75_000);
    expect(transport.closedFor).toBeUndefined();
    pass(1000);
    expect(transport.closedFor).toBe('heartbeat_missed');
  });

  test('every byte counts as life', async () => {
    logIn();
    for (let n = 1; n < 6; n++) {
      pass(70_000);
      connection.onBytes(ping(n));
      await turnEnded();
    }
    expect(transport.closedFor).toBeUndefined();
  });

  test('a session that was not read has its time anew when it is', async () => {
    logIn();
    context.bandwidth.sent(30_000_000, 'session');
    connection.onBytes(ping(1));
    await turnEnded();
    expect(transport.isPaused).toBe(true);
    pass(100_000);
    connection.hasTurn();
    pass(75_000);
    expect(transport.closedFor).toBeUndefined();
    pass(1000);
    expect(transport.closedFor).toBe('heartbeat_missed');
  });

  test('a frame that has begun must be whole after 15 seconds', () => {
    logIn();
    connection.onBytes(ping(1).subarray(0, 20));
    pass(15_000);
    expect(transport.closedFor).toBeUndefined();
    pass(1000);
    expect(transport.closedFor).toBe('protocol_violation');
  });

  test('dripping bytes do not give a frame more time', () => {
    logIn();
    const frame = ping(1);
    for (let at = 0; at < 16; at++) {
      connection.onBytes(frame.subarray(at, at + 1));
      pass(1000);
    }
    expect(transport.closedFor).toBe('protocol_violation');
  });

  test('a busy stream whose reads all end inside a frame is not a frame that never ends', async () => {
    logIn();
    const frames = Buffer.concat(Array.from({ length: 31 }, (_, n) => ping(n)));
    const size = Math.floor(ping(1).length * 1.03);
    for (let at = 0; at < frames.length; at += size) {
      connection.onBytes(frames.subarray(at, at + size));
      await turnEnded();
      pass(1000);
    }
    expect(transport.closedFor).toBeUndefined();
    expect(await answers()).toHaveLength(31);
  });

  test('a peer that does not end what we have ended is cut off', () => {
    logIn();
    connection.close('replaced');
    pass(5000);
    expect(transport.isDestroyed).toBe(false);
    pass(1000);
    expect(transport.isDestroyed).toBe(true);
  });
});

describe('a ping of the WebSocket itself', () => {
  beforeEach(logIn);

  test('is answered and counts as life', () => {
    let answered = 0;
    pass(60_000);
    connection.onPing(() => answered++);
    pass(60_000);
    expect([answered, transport.closedFor]).toEqual([1, undefined]);
  });

  test('is limited together with those of the protocol: a flood is refused, and then ended', async () => {
    let answered = 0;
    connection.onBytes(ping(1));
    for (let n = 0; n < 120; n++) connection.onPing(() => answered++);
    expect(answered).toBe(limits.pings.count - 1);
    expect(new Set(await answers())).toEqual(new Set(['pong 1', 'RATE_LIMITED']));
    expect(transport.closedFor).toBe('rate_limited');
  });
});

describe('a reader that is too slow', () => {
  beforeEach(logIn);

  test('is ended when its socket has taken nothing for 30 seconds', () => {
    transport.buffered = 1000;
    pass(1000);
    pass(30_000);
    expect(transport.closedFor).toBeUndefined();
    pass(1000);
    expect(transport.closedFor).toBe('slow_consumer');
  });

  test('is let be while its socket moves', () => {
    for (let left = 60; left > 0; left--) {
      transport.buffered = 1000 * left;
      pass(1000);
    }
    expect(transport.closedFor).toBeUndefined();
  });

  test('that goes on asking while a megabyte waits is ended before the sweep comes by', () => {
    transport.buffered = 1024 * 1024 + 1;
    connection.onBytes(ping(1));
    expect(transport.closedFor).toBe('slow_consumer');
  });

  test('is ended at once when a megabyte waits', () => {
    transport.buffered = 1024 * 1024;
    pass(1000);
    expect(transport.closedFor).toBeUndefined();
    transport.buffered++;
    pass(1000);
    expect(transport.closedFor).toBe('slow_consumer');
  });
});

describe('flow', () => {
  beforeEach(logIn);

  test('with 64 messages on their way the socket is not read, until one is answered', () => {
    for (let n = 0; n < 63; n++) connection.intake.messageLeft();
    expect(transport.isPaused).toBe(false);
    connection.intake.messageLeft();
    expect(transport.isPaused).toBe(true);
    connection.intake.messageAnswered();
    expect([transport.isPaused, connection.intake.inFlight]).toEqual([false, 63]);
  });

  test('answers that never come are forgotten 5 seconds after the last one', () => {
    for (let n = 0; n < 64; n++) connection.intake.messageLeft();
    pass(4000);
    connection.intake.messageAnswered();
    connection.intake.messageLeft();
    pass(5000);
    expect([transport.isPaused, connection.intake.inFlight]).toEqual([true, 64]);
    pass(1000);
    expect([transport.isPaused, connection.intake.inFlight]).toEqual([false, 0]);
    connection.intake.messageAnswered();
    expect(connection.intake.inFlight).toBe(0);
  });

  test('a socket that we do not read is not ended for its silence', () => {
    pass(74_000);
    for (let n = 0; n < 64; n++) connection.intake.messageLeft();
    pass(3000);
    expect(transport.closedFor).toBeUndefined();
  });

  test('frames behind one that waits are dealt with in order, and 64 of them stop the reading', async () => {
    connection.onBytes(Buffer.concat([lookup('first'), ping(1), lookup('second'), ping(2)]));
    expect(await answers()).toEqual([]);
    lookups[0]?.resolve({ list: null });
    expect(await answers()).toEqual(['USER_NOT_FOUND first', 'pong 1']);
    for (let n = 3; n < 65; n++) connection.onBytes(encodeFrame(0x7777, Buffer.from('{}')));
    expect(transport.isPaused).toBe(false);
    connection.onBytes(encodeFrame(0x7777, Buffer.from('{}')));
    expect(transport.isPaused).toBe(true);
    lookups[1]?.resolve({ list: null });
    expect((await answers()).slice(2, 5)).toEqual(['USER_NOT_FOUND second', 'pong 2', 'UNKNOWN_TYPE']);
    expect(transport.isPaused).toBe(false);
  });

  test('auth that does not answer is told as a timeout, and the next frame is dealt with', async () => {
    connection.onBytes(Buffer.concat([lookup('a'), ping(1)]));
    lookups[0]?.reject(new Error('no answer in time'));
    expect(await answers()).toEqual(['NETWORK_TIMEOUT a', 'pong 1']);
  });
});

describe('faults', () => {
  test('a limit that is run into again and again stops the reading for 5 seconds', async () => {
    logIn();
    for (let n = 1; n <= 20; n++) connection.onBytes(ping(n));
    expect(transport.isPaused).toBe(false);
    connection.onBytes(ping(21));
    expect(transport.isPaused).toBe(true);
    pass(4000);
    expect(transport.isPaused).toBe(true);
    pass(1000);
    expect(transport.isPaused).toBe(false);
    expect((await answers()).filter((answer) => answer === 'RATE_LIMITED')).toHaveLength(11);
  });

  test('whoever does not stop at it is sent away', async () => {
    logIn();
    for (let n = 1; n <= 111; n++) connection.onBytes(ping(n));
    expect(transport.closedFor).toBe('rate_limited');
  });

  test('any fault before the login is over ends the connection', async () => {
    connection.onBytes(ping(1));
    expect(await answers()).toEqual(['UNEXPECTED_MESSAGE']);
    expect(transport.closedFor).toBe('protocol_violation');
  });

  test('a WebSocket message that ends inside a frame, or is text, ends the connection', async () => {
    connect('websocket');
    logIn();
    connection.onBytes(Buffer.concat([ping(1), ping(2).subarray(0, 5)]));
    expect(await answers()).toEqual(['pong 1', 'INVALID_MESSAGE_FORMAT']);
    expect(transport.closedFor).toBe('protocol_violation');

    connect('websocket');
    logIn();
    connection.onForeign();
    expect(transport.closedFor).toBe('protocol_violation');
  });

  test('a fault of ours is told as "unavailable", logged, and ends nothing', async () => {
    logIn();
    const chat = encodeFrame(0x0301, Buffer.from('{"type":"chat"}'));
    connection.session = undefined;
    refuse(connection, new Error('a bug'));
    connection.onBytes(chat);
    expect(await answers()).toEqual(['SERVER_UNAVAILABLE', 'INVALID_MESSAGE_FORMAT']);
    expect(transport.closedFor).toBeUndefined();
    expect(context.log).toMatchObject([{ level: 'error', msg: 'frame could not be handled' }]);
  });
});

describe('the end', () => {
  beforeEach(logIn);

  test('what was to be sent leaves before it, and nothing comes after it', async () => {
    connection.onBytes(ping(1));
    connection.close('replaced');
    expect(transport.writes).toHaveLength(1);
    connection.close('rate_limited');
    connection.onBytes(ping(2));
    connection.onForeign();
    connection.sendError('SERVER_UNAVAILABLE');
    expect(await answers()).toEqual(['pong 1']);
    expect(transport.closedFor).toBe('replaced');
  });

  test('a socket that was not read is read again, so that the goodbye of the peer is seen', () => {
    for (let n = 0; n < 64; n++) connection.intake.messageLeft();
    connection.close('service_restart');
    expect(transport.isPaused).toBe(false);
  });

  test('frames that waited are dropped', async () => {
    connection.onBytes(Buffer.concat([lookup('a'), ping(1)]));
    connection.close('replaced');
    lookups[0]?.resolve({ list: null });
    expect(await answers()).toEqual([]);
  });

  test('the hub knows it no longer, and another connection of the device stays known', () => {
    context.hub.addDevice(2, connection);
    const older = connection;
    connect();
    logIn();
    expect(context.hub.addDevice(2, connection)).toBe(older);
    older.onClosed();
    expect([context.hub.size, context.hub.ofDevice(2)]).toEqual([1, connection]);
    connection.onClosed();
    expect([context.hub.size, context.hub.ofDevice(2)]).toEqual([0, undefined]);
  });
});
