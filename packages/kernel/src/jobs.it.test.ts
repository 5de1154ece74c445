import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: the test stops and empties a Redis of its own
import { type EmbeddedServer, startRedis } from '@securechat/embedded';
import { sleep, systemClock } from './clock.ts';
import { createJobRunner, type Job, type JobRunner } from './jobs.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { until } from './testing/until.ts';

let server: EmbeddedServer;
let queues = 0;
const runners: JobRunner[] = [];
const logger = createLogger({ service: 'test', instance: 'test', level: 'silent' });

beforeAll(async () => {
  server = await startRedis();
});
afterEach(async () => {
  await Promise.all(runners.splice(0).map((runner) => runner.stop()));
});
afterAll(() => server.stop('SIGKILL'));

/** A runner of the test's newest queue. */
function startRunner(jobs: Record<string, Job>) {
  const metrics = createMetrics('test');
  const parts = { redisUrl: server.url, prefix: `q${queues}`, service: 'test' };
  const runner = createJobRunner({ ...parts, jobs, clock: systemClock, logger, metrics });
  runners.push(runner);
  runner.start();
  const value = async (name: string, job: string, outcome?: string) => {
    const metric = await metrics.registry.getSingleMetric(`securechat_test_${name}`)?.get();
    return metric?.values.find(
      ({ labels }) => labels.job === job && (outcome === undefined || labels.outcome === outcome),
    )?.value;
  };
  return { runner, value, runs: (name: string, outcome: string) => value('job_runs_total', name, outcome) };
}

const job = (run: Job['run'], everyMs = 60_000, deadlineMs = 5_000): Job => ({ everyMs, deadlineMs, run });

test('of several processes one does each scheduled run, however often the schedule is written', async () => {
  queues += 1;
  const everyMs = 1000;
  const times: number[] = [];
  const note = job(async () => void times.push(Date.now()), everyMs);
  for (let n = 0; n < 3; n += 1) startRunner({ note });
  await until('it ran twice', () => times.length >= 2);
  startRunner({ note });
  await until('it ran three times', () => times.length >= 3);
  const rounds = Math.ceil(((times.at(-1) ?? 0) - (times[0] ?? 0)) / everyMs) + 1;
  expect(times.length).toBeLessThanOrEqual(rounds);
});

test('a job that fails is counted and comes round again; the others are not held up, not even by several that hang', async () => {
  queues += 1;
  const startedMs = Date.now();
  const { runs, value } = startRunner({
    good: job(async () => {}, 300),
    bad: job(() => Promise.reject(new Error('no luck')), 300),
    hung: job(() => new Promise<never>(() => {}), 60_000, 500),
    deaf: job(() => new Promise<never>(() => {}), 60_000, 60_000),
    dumb: job(() => new Promise<never>(() => {}), 60_000, 60_000),
  });
  const begunSeconds = await value('job_last_success_seconds', 'bad');
  await until('all of them ran', async () => {
    const counts = [await runs('good', 'done'), await runs('bad', 'failed'), await runs('hung', 'late')];
    return counts.every((count, index) => (count ?? 0) >= (index === 2 ? 1 : 2));
  });
  expect(await runs('good', 'failed')).toBe(0);
  expect(await value('job_last_success_seconds', 'good')).toBeGreaterThan(begunSeconds ?? Number.NaN);
  // one that fails from the first run on is late all the same, counted from the start
  expect(begunSeconds).toBeGreaterThanOrEqual(startedMs / 1000);
  expect(await value('job_last_success_seconds', 'bad')).toBe(begunSeconds);
});

test('a run that exceeds its deadline, or that the process leaves, sees its signal abort', async () => {
  queues += 1;
  const aborted: string[] = [];
  const watch = (name: string, deadlineMs: number) =>
    job(
      (signal) => new Promise(() => signal.addEventListener('abort', () => aborted.push(name))),
      60_000,
      deadlineMs,
    );
  let begun = 0;
  const left = watch('left', 60_000);
  const { runner, runs } = startRunner({
    late: watch('late', 100),
    left: {
      ...left,
      run: (signal) => {
        begun += 1;
        return left.run(signal);
      },
    },
  });
  await until('the deadline has passed and the other has begun', () => aborted.length === 1 && begun === 1);
  const startedMs = performance.now();
  await runner.stop();
  expect(performance.now() - startedMs).toBeLessThan(4_000);
  expect(aborted).toEqual(['late', 'left']);
  expect(await runs('left', 'stopped')).toBe(1);
});

test('a Redis that is away at the start, or comes back empty, only delays', async () => {
  queues += 1;
  const { port } = server;
  await server.stop('SIGKILL');
  let count = 0;
  const counting = job(async () => {
    count += 1;
  }, 200);
  const { runner } = startRunner({ counting });
  await sleep(300);
  expect(count).toBe(0);
  for (let round = 1; round <= 2; round += 1) {
    server = await startRedis({ port });
    const before = count;
    await until('it runs', () => count >= before + 2);
    if (round === 1) await server.stop('SIGKILL');
  }
  await runner.stop();
});

test('a process whose job hangs while Redis is gone ends in order when it is told to', async () => {
  const own = await startRedis();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing', 'job-process.ts')], {
    env: { ...process.env, NODE_OPTIONS: '', REDIS_URL: own.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let log = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    log += part;
  });
  try {
    await until('the job hangs', () => log.includes('"hanging"'));
    await own.stop('SIGKILL');
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    expect(await exited).toEqual([0, null]);
    expect(log).toContain('"service ended"');
    expect(log).not.toContain('forced to end');
  } finally {
    child.kill('SIGKILL');
    await own.stop('SIGKILL');
  }
});
