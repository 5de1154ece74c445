import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createTestClock } from '@securechat/kernel/testing';
import type { Downstream } from '@securechat/protocol';
import { Connection } from './connection/connection.ts';
import { sendAllAway } from './drain.ts';
import { createTestContext } from './testing/context.ts';
import { TestTransport, turnEnded } from './testing/transport.ts';

let context: ReturnType<typeof createTestContext>;

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  context = createTestContext(createTestClock());
});
afterEach(() => {
  jest.useRealTimers();
});

function connect(count: number): { connection: Connection; transport: TestTransport }[] {
  return Array.from({ length: count }, () => {
    const transport = new TestTransport();
    return { transport, connection: new Connection(context, transport, 'x') };
  });
}

async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 50) {
    jest.advanceTimersByTime(50);
    await turnEnded();
  }
}

test('each client is given a time of its own, over the whole span', async () => {
  const peers = connect(300);
  await sendAllAway(context.hub, 90_000, context.logger);
  const goaways = peers.map(({ transport }) => transport.messages()[0] as Downstream<'goaway'>);
  const delays = goaways.map(({ reconnect_after_ms }) => reconnect_after_ms ?? -1);
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
  expect(Math.min(...delays)).toBeLessThan(9000);
  expect(Math.max(...delays)).toBeLessThan(90_000);
  expect(Math.max(...delays)).toBeGreaterThan(81_000);
  expect(new Set(delays).size).toBeGreaterThan(250);
  expect(goaways.every(({ type, code }) => type === 'goaway' && code === 1012)).toBe(true);
  expect(peers.every(({ transport }) => transport.closedFor === 'service_restart')).toBe(true);
});

test('answers on their way are waited for, and nobody is closed before', async () => {
  const [waiting, other] = connect(2);
  waiting?.connection.messageLeft();
  const draining = sendAllAway(context.hub, 0, context.logger);
  await pass(1000);
  expect([waiting?.transport.closedFor, other?.transport.closedFor]).toEqual([undefined, undefined]);
  waiting?.connection.messageAnswered();
  await pass(50);
  await draining;
  expect(waiting?.transport.closedFor).toBe('service_restart');
});

test('answers that do not come are waited for only so long', async () => {
  const [waiting] = connect(1);
  waiting?.connection.messageLeft();
  let isDone = false;
  const draining = sendAllAway(context.hub, 0, context.logger).then(() => {
    isDone = true;
  });
  await pass(2900);
  expect(isDone).toBe(false);
  await pass(200);
  await draining;
  expect(waiting?.transport.closedFor).toBe('service_restart');
});

test('with nobody here it is done at once', async () => {
  await sendAllAway(context.hub, 90_000, context.logger);
});
