import { expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test kills a Redis of its own
import { freePort } from '@securechat/embedded';
import { BLOCK_MS, openBlockingReader } from './blocking-reader.ts';
import { sleep } from './clock.ts';
import { createLoop, type LoopParts } from './loop.ts';
import { endedAfterEach } from './testing/own-redis.ts';
import { until } from './testing/until.ts';

const { after, ownRedis } = endedAfterEach();

/**
 * Waits for what never comes, like a reader of a quiet stream, and records when each step started and what was
 * reported.
 */
function startReading(port: number, parts: Partial<LoopParts> = {}) {
  const reader = openBlockingReader(`redis://127.0.0.1:${port}`);
  const stepsAtMs: number[] = [];
  const told: string[] = [];
  let running = 0;
  let most = 0;
  const loop = createLoop({
    async step() {
      stepsAtMs.push(performance.now());
      most = Math.max(most, ++running);
      await reader
        .run((redis) => redis.xread('BLOCK', BLOCK_MS, 'STREAMS', 'quiet', '$'))
        .finally(() => running--);
    },
    onFailure: () => told.push('failure'),
    onRecovery: () => told.push('recovery'),
    ...parts,
  });
  loop.start();
  const stop = async (): Promise<void> => {
    const stopped = loop.stop();
    reader.close();
    await stopped;
  };
  after(stop);
  return { stepsAtMs, told, most: () => most, stop };
}

async function msOf(work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

test('one step at a time, and no pause between steps that work', async () => {
  const port = await freePort();
  await ownRedis(port);
  const { stepsAtMs, told, most } = startReading(port);
  await until('four steps began', () => stepsAtMs.length === 4, 10_000);
  expect(most()).toBe(1);
  expect(told).toEqual([]);
});

test('while Redis is away the pauses grow up to their bound; when it is back, that is told once', async () => {
  const port = await freePort();
  const { stepsAtMs, told } = startReading(port, { longestPauseMs: 400 });
  // 50, 100, 200 and then 400 ms, each ±25 %
  await sleep(3000);
  const failures = told.length;
  expect(failures).toBeGreaterThan(3);
  expect(failures).toBeLessThanOrEqual(14);
  expect(told).not.toContain('recovery');

  await ownRedis(port);
  await until('it recovered', () => told.includes('recovery'), 5000);
  const steps = stepsAtMs.length;
  await until('two more steps began', () => stepsAtMs.length === steps + 2, 5000);
  expect(told.filter((what) => what === 'recovery')).toHaveLength(1);
  expect(told.at(-1)).toBe('recovery');
});

test('after a step that worked, the first pause is short again', async () => {
  const port = await freePort();
  const { stepsAtMs, told } = startReading(port, { longestPauseMs: 60_000 });
  await until('five failures were told', () => told.length === 5, 10_000);
  const server = await ownRedis(port);
  await until('it recovered', () => told.includes('recovery'), 10_000);
  await server.kill();
  const before = stepsAtMs.length;
  // with the pause reached so far, two more steps would take at least 3.6 s
  await until('two more steps began', () => stepsAtMs.length >= before + 2, 2000);
});

test('the end cuts a running read short, and what fails by it is not told', async () => {
  const port = await freePort();
  await ownRedis(port);
  const { stepsAtMs, told, stop } = startReading(port);
  await until('a second step began', () => stepsAtMs.length === 2, 5000);
  expect(await msOf(stop)).toBeLessThan(BLOCK_MS / 2);
  expect(told).toEqual([]);
  await sleep(200);
  expect(stepsAtMs).toHaveLength(2);
});

test('the end cuts a pause short', async () => {
  const port = await freePort();
  const { told, stop } = startReading(port, { longestPauseMs: 60_000 });
  await until('seven failures were told', () => told.length === 7, 15_000);
  expect(await msOf(stop)).toBeLessThan(500);
});

test('a step that sleeps is woken by the end', async () => {
  const loop = createLoop({ step: (signal) => sleep(60_000, signal), onFailure: () => {} });
  loop.start();
  await sleep(20);
  expect(await msOf(() => loop.stop())).toBeLessThan(500);
});

test('one that was never started can be stopped', async () => {
  await createLoop({ step: () => sleep(60_000), onFailure: () => {} }).stop();
});
