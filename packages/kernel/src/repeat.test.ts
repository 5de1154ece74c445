import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { repeatEvery } from './repeat.ts';

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

/** Work whose runs are ended by the test. */
function openWork() {
  const runs: PromiseWithResolvers<void>[] = [];
  const work = (): Promise<void> => {
    const run = Promise.withResolvers<void>();
    runs.push(run);
    return run.promise;
  };
  return { runs, work };
}

test('a turn is skipped while the last one runs, and the one after it is not', async () => {
  const { runs, work } = openWork();
  const repeated = repeatEvery(100, work, () => {});
  await jest.advanceTimersByTimeAsync(99);
  expect(runs).toHaveLength(0);
  await jest.advanceTimersByTimeAsync(301);
  expect(runs).toHaveLength(1);
  runs[0]?.resolve();
  await jest.advanceTimersByTimeAsync(100);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await repeated.stop();
});

test('a failure is told, and the next turn tries again', async () => {
  const { runs, work } = openWork();
  const told: unknown[] = [];
  const repeated = repeatEvery(100, work, (err) => told.push(err));
  await jest.advanceTimersByTimeAsync(100);
  runs[0]?.reject(new Error('not now'));
  await jest.advanceTimersByTimeAsync(100);
  expect(told).toEqual([new Error('not now')]);
  expect(runs).toHaveLength(2);
  runs[1]?.resolve();
  await repeated.stop();
});

test('its end waits for the running turn, and no other follows', async () => {
  const { runs, work } = openWork();
  const repeated = repeatEvery(100, work, () => {});
  await jest.advanceTimersByTimeAsync(100);
  let hasStopped = false;
  const stopped = repeated.stop().then(() => {
    hasStopped = true;
  });
  await jest.advanceTimersByTimeAsync(1000);
  expect(hasStopped).toBe(false);
  runs[0]?.resolve();
  await stopped;
  await jest.advanceTimersByTimeAsync(1000);
  expect(runs).toHaveLength(1);
  expect(jest.getTimerCount()).toBe(0);
});
