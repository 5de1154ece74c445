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

test('clients are told slice by slice, each a time of its own: they come back spread evenly over the whole span', async () => {
  const peers = connect(400).map((peer) => ({ ...peer, comesBackAtMs: -1 }));
  const startedMs = performance.now();
  const draining = sendAllAway(context.hub, 10_000, context.logger);
  for (let passed = 0; passed < 10_000; passed += 50) {
    for (const peer of peers) {
      const told = peer.transport.messages()[0] as Downstream<'goaway'> | undefined;
      if (!told || peer.comesBackAtMs >= 0) continue;
      expect(told).toMatchObject({ type: 'goaway', code: 1012 });
      peer.comesBackAtMs = performance.now() - startedMs + (told.reconnect_after_ms ?? Number.NaN);
    }
    await pass(50);
  }
  await draining;
  const seconds = Array<number>(10).fill(0);
  for (const { comesBackAtMs } of peers) seconds[Math.floor(comesBackAtMs / 1000)]!++;
  for (const count of seconds) expect(Math.abs(count - 40)).toBeLessThanOrEqual(8);
  expect(new Set(peers.map(({ comesBackAtMs }) => comesBackAtMs)).size).toBeGreaterThan(300);
  expect(peers.every(({ transport }) => transport.closedFor === 'service_restart')).toBe(true);
});

test('who is not told yet is served as before', async () => {
  const [first, last] = connect(2);
  const draining = sendAllAway(context.hub, 1_000, context.logger);
  await pass(400);
  expect([first?.transport.closedFor, last?.transport.closedFor]).toEqual(['service_restart', undefined]);
  expect(last?.transport.messages()).toEqual([]);
  await pass(200);
  await draining;
  expect(last?.transport.closedFor).toBe('service_restart');
});

test('answers on their way are waited for, by those whose they are', async () => {
  const [waiting, other] = connect(2);
  waiting?.connection.intake.messageLeft();
  const draining = sendAllAway(context.hub, 0, context.logger);
  await pass(1000);
  expect([waiting?.transport.closedFor, other?.transport.closedFor]).toEqual([undefined, 'service_restart']);
  waiting?.connection.intake.messageAnswered();
  await pass(50);
  await draining;
  expect(waiting?.transport.closedFor).toBe('service_restart');
});

test('answers that do not come are waited for only so long', async () => {
  const [waiting] = connect(1);
  waiting?.connection.intake.messageLeft();
  let isDone = false;
  const draining = sendAllAway(context.hub, 0, context.logger).then(() => {
    isDone = true;
  });
  await pass(4900);
  expect(isDone).toBe(false);
  await pass(200);
  await draining;
  expect(waiting?.transport.closedFor).toBe('service_restart');
});

test('with nobody here it is done at once', async () => {
  await sendAllAway(context.hub, 90_000, context.logger);
});
