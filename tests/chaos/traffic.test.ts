import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { ChatClient } from '@securechat/testkit';
import { seededRandom } from './random.ts';
import { startTraffic } from './traffic.ts';
import type { World } from './world.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

test('who comes and goes is a choice of the seed, however many sends fall in between', async () => {
  const [quiet, busy] = [await comingsAt(20), await comingsAt(400)];
  expect(quiet.length).toBeGreaterThan(20);
  expect(busy).toEqual(quiet);
});

/** What happens to devices in half a minute at this rate, with every device busy. */
async function comingsAt(sendsPerSecond: number): Promise<string[]> {
  const done: string[] = [];
  const clients = [0, 1, 2, 3].map(
    (n) =>
      ({
        unanswered: Number.POSITIVE_INFINITY,
        cutConnection: () => done.push(`cut ${n}`),
        goOffline: async () => void done.push(`away ${n}`),
        goOnline: () => done.push(`back ${n}`),
      }) as unknown as ChatClient,
  );
  const talk = { id: 'c', members: [{}], share: 1 };
  const cast = { talks: [talk], clients, clientsOf: () => clients };
  startTraffic({ cast } as unknown as World, seededRandom(1), sendsPerSecond);
  await jest.advanceTimersByTimeAsync(30_000);
  jest.clearAllTimers();
  return done;
}
