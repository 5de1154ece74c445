import { describe, expect, test } from '@jest/globals';
import { encodeDownstream } from '@securechat/protocol';
import { ServerUnreachable } from '../errors.ts';
import { FakeClock, settled } from '../testing/fake-clock.ts';
import type { ConnectionEvents } from './connection.ts';
import { createConnection } from './create-connection.ts';
import type { Transport, TransportEvents } from './transport.ts';

const MIDDLE = 0.5;
const FIVE_MINUTES_MS = 5 * 60_000;

/** A connection to nobody, and the times at which it tried. */
function startAgainst(connect: Transport['connect'], random = MIDDLE) {
  const clock = new FakeClock();
  const triedAtMs: number[] = [];
  const failures: ConnectionEvents['failure'][] = [];
  const connection = createConnection({
    urls: ['ws://one', 'ws://two'],
    device: {
      ...{ userId: 'alice', deviceId: 'phone', publicKey: new Uint8Array(32) },
      sign: async () => new Uint8Array(64),
    },
    keepsake: { pins: [new Uint8Array(32)], ticket: undefined },
    transport: {
      connect(url, events, options) {
        triedAtMs.push(clock.monotonicMs());
        return connect(url, events, options);
      },
    },
    clock,
    random: () => random,
  });
  connection.on('failure', (failure) => failures.push(failure));
  connection.start();
  return { clock, connection, triedAtMs, failures };
}

const gaps = (times: number[]): number[] => times.slice(1).map((at, index) => at - (times[index] ?? 0));
const unreachable: Transport['connect'] = async () => {
  throw new ServerUnreachable('nobody is there');
};

/** A server that sends these frames on connecting, and then closes. */
function saying(...frames: Uint8Array[]): Transport['connect'] {
  return async (_url, events: TransportEvents) => {
    queueMicrotask(() => {
      for (const frame of frames) events.onBytes(frame);
      events.onClose(1006, '');
    });
    return { send() {}, close() {}, destroy() {} };
  };
}
const goaway = (reconnect_after_ms: number): Uint8Array =>
  encodeDownstream('goaway', { type: 'goaway', code: 1012, reason: 'going', reconnect_after_ms });

test('it tries again after 1, 2, 4, 8, 16 and 30 s, at one door after the other', async () => {
  const urls: string[] = [];
  const { clock, triedAtMs, failures, connection } = startAgainst(async (url) => {
    urls.push(url);
    throw new ServerUnreachable('nobody is there');
  });
  await clock.pass(130_000);
  expect(gaps(triedAtMs).slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  expect(urls.slice(0, 3)).toEqual(['ws://one', 'ws://two', 'ws://one']);
  expect(failures[0]).toMatchObject({ error: { name: 'ServerUnreachable' }, retryInMs: 1_000 });
  await connection.stop();
});

test.each([
  [0, 750],
  [0.999_999, 1_250],
])('chance %d moves the first second to %d ms', async (random, expectedMs) => {
  const { clock, triedAtMs, connection } = startAgainst(unreachable, random);
  await clock.pass(2_000);
  expect(Math.round(gaps(triedAtMs)[0] ?? 0)).toBe(expectedMs);
  await connection.stop();
});

describe('after ten failures in a row', () => {
  const LADDER_MS = 1_000 + 2_000 + 4_000 + 8_000 + 16_000 + 4 * 30_000;

  test('it tries once every five minutes', async () => {
    const { clock, triedAtMs, connection } = startAgainst(unreachable);
    await clock.pass(LADDER_MS + 2 * FIVE_MINUTES_MS);
    expect(triedAtMs).toHaveLength(12);
    expect(gaps(triedAtMs).slice(-2)).toEqual([FIVE_MINUTES_MS, FIVE_MINUTES_MS]);
    await connection.stop();
  });

  test('a nudge makes it try at once, and once', async () => {
    const { clock, triedAtMs, connection } = startAgainst(unreachable);
    await clock.pass(LADDER_MS + 60_000);
    expect(triedAtMs).toHaveLength(10);
    connection.nudge();
    await clock.pass(0);
    expect(triedAtMs).toHaveLength(11);
    await clock.pass(60_000);
    expect(triedAtMs).toHaveLength(11);
    await connection.stop();
  });
});

test('nudges that come all the time do not make it knock more often than once a second', async () => {
  const { clock, triedAtMs, connection } = startAgainst(unreachable);
  for (let n = 0; n < 200; n++) {
    connection.nudge();
    await clock.pass(50);
  }
  expect(Math.min(...gaps(triedAtMs))).toBeGreaterThanOrEqual(1_000);
  expect(triedAtMs.length).toBeGreaterThan(8);
  connection.nudge();
  await connection.stop();
  expect(clock.planned).toBe(0);
});

describe('what the server says about when to come back', () => {
  test('goes before the ladder, is kept to the millisecond, and no nudge cuts it short', async () => {
    const { clock, triedAtMs, connection } = startAgainst(saying(goaway(12_345)), 0);
    await clock.pass(5_000);
    connection.nudge();
    await clock.pass(20_000);
    expect(gaps(triedAtMs)).toEqual([12_345, 12_345]);
    await connection.stop();
  });

  test('also when it is told with a refusal', async () => {
    const refusal = encodeDownstream('error', {
      type: 'error',
      code: 2002,
      error_code: 'SERVER_UNAVAILABLE',
      error_message: 'The server cannot take this now',
      retry_after_ms: 2_222,
    });
    const { clock, triedAtMs, failures, connection } = startAgainst(saying(refusal));
    await clock.pass(3_000);
    expect(gaps(triedAtMs)).toEqual([2_222]);
    expect(failures[0]?.error).toMatchObject({ name: 'ServerRefused', error: 'SERVER_UNAVAILABLE' });
    await connection.stop();
  });

  test('but not for longer than five minutes', async () => {
    const { clock, triedAtMs, connection } = startAgainst(saying(goaway(10 ** 10)));
    await clock.pass(FIVE_MINUTES_MS + 1);
    expect(gaps(triedAtMs)).toEqual([FIVE_MINUTES_MS]);
    await connection.stop();
  });
});

describe('a server that does not answer is given up', () => {
  test('when the socket does not open within 10 s', async () => {
    let wasAborted = false;
    const { clock, failures, connection } = startAgainst(
      (_url, _events, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            wasAborted = true;
            reject(signal.reason);
          });
        }),
    );
    await clock.pass(9_999);
    expect(failures).toEqual([]);
    await clock.pass(1);
    expect(failures[0]?.error.name).toBe('ServerUnreachable');
    expect(wasAborted).toBe(true);
    await connection.stop();
  });

  test('when the login does not end within 15 s', async () => {
    const silent: Transport['connect'] = async (_url, events) => ({
      send() {},
      close() {},
      destroy: () => events.onClose(1006, ''),
    });
    const { clock, failures, connection } = startAgainst(silent);
    await clock.pass(14_999);
    expect([connection.state, failures]).toEqual(['authenticating', []]);
    await clock.pass(1);
    expect(failures[0]?.error.name).toBe('ServerUnreachable');
    await connection.stop();
  });
});

describe('stop', () => {
  test('ends the waiting, and a start after it begins anew', async () => {
    const { clock, connection, triedAtMs } = startAgainst(unreachable);
    await clock.pass(0);
    await connection.stop();
    await clock.pass(60_000);
    expect([triedAtMs.length, connection.state]).toEqual([1, 'disconnected']);
    connection.start();
    await settled();
    expect(triedAtMs).toHaveLength(2);
    await connection.stop();
  });

  test('ends an attempt that is under way', async () => {
    const { connection, clock } = startAgainst(
      (_url, _events, { signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    await clock.pass(0);
    expect(connection.state).toBe('connecting');
    await connection.stop();
    expect(connection.state).toBe('disconnected');
  });
});

test('what the server sends in a form that is none, ends the connection and is told', async () => {
  const garbage = Uint8Array.from({ length: 40 }, (_, index) => index);
  const { clock, failures, connection } = startAgainst(saying(garbage));
  await clock.pass(0);
  expect(failures[0]?.error).toMatchObject({ name: 'ServerBrokeProtocol', isRetryable: true });
  await connection.stop();
});
