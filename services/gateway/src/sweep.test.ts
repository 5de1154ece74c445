import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createTestClock, type TestClock } from '@securechat/kernel/testing';
import { Connection } from './connection/connection.ts';
import type { Requests } from './streams/requests.ts';
import { startSweep } from './sweep.ts';
import { createTestContext, sessionOf } from './testing/context.ts';
import { TestTransport, turnEnded } from './testing/transport.ts';

let clock: TestClock;
let context: ReturnType<typeof createTestContext>;
let sweep: { stop(): void };
let swept: number;
let asked: number[][];
let heads: (devices: number[]) => Promise<[number, number][]>;
let pages: number;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  clock = createTestClock();
  swept = 0;
  asked = [];
  pages = 0;
  heads = () => Promise.resolve([]);
  const requests = {
    askHeads(devices: number[]) {
      asked.push(devices);
      return heads(devices);
    },
    askPage(_: Connection, { from }: { from: number }) {
      pages++;
      return Promise.resolve({
        head: { through: from, more: false, mailbox_epoch: 1, items: [] },
        bodies: [],
      });
    },
  } as unknown as Requests;
  context = createTestContext(clock, { requests });
  sweep = startSweep({
    hub: context.hub,
    requests,
    clock,
    logger: context.logger,
    onSweep: () => void swept++,
  });
});
afterEach(() => {
  sweep.stop();
  const left = jest.getTimerCount();
  jest.useRealTimers();
  expect(left).toBe(0);
});

function pass(seconds: number): void {
  for (let n = 0; n < seconds; n++) {
    clock.advance(1000);
    jest.advanceTimersByTime(1000);
  }
}

function connect(device?: number): TestTransport {
  const transport = new TestTransport();
  const connection = new Connection(context, transport, 'x');
  if (device !== undefined) {
    connection.session = sessionOf(device, device);
    context.hub.addDevice(device, connection);
    connection.enter('ready');
  }
  return transport;
}

test('once a second every connection is looked at', () => {
  const strangers = [connect(), connect()];
  const member = connect(1);
  pass(10);
  expect(swept).toBe(10);
  expect(strangers.map(({ closedFor }) => closedFor)).toEqual([undefined, undefined]);
  pass(1);
  expect(strangers.map(({ closedFor }) => closedFor)).toEqual(['handshake_timeout', 'handshake_timeout']);
  pass(64);
  expect(member.closedFor).toBeUndefined();
  pass(1);
  expect(member.closedFor).toBe('heartbeat_missed');
});

test('every five minutes the heads of all sessions are looked up, a thousand at once', async () => {
  clock.advance(299_000);
  for (let device = 1; device <= 1500; device++) connect(device);
  connect();
  const behind = context.hub.ofDevice(7);
  behind?.mailbox.resume(0, undefined, undefined);
  await turnEnded();
  expect([behind?.mailbox.mode, pages]).toEqual(['live', 1]);
  heads = (devices) =>
    Promise.resolve(
      devices.includes(7)
        ? [
            [7, 3],
            [9999, 1],
          ]
        : [],
    );
  pass(1);
  await turnEnded();
  expect(asked.map((devices) => devices.length)).toEqual([1000, 500]);
  expect(pages).toBeGreaterThan(1);
  pass(10);
  await turnEnded();
  expect(asked).toHaveLength(2);
});

test('heads that cannot be looked up are left for the next time', async () => {
  connect(1);
  heads = () => Promise.reject(new Error('no answer in time'));
  clock.advance(299_000);
  pass(1);
  await turnEnded();
  expect(context.log).toMatchObject([{ level: 'warn', msg: 'heads not checked; next time' }]);
  clock.advance(298_000);
  connect(2);
  pass(3);
  await turnEnded();
  expect(asked).toHaveLength(2);
});
