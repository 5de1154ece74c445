import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { until } from '@securechat/testkit';
import { createRunning, type Running, type RunningProcess } from './running.ts';

const lines: string[] = [];
let running: Running;
afterEach(async () => {
  await running.stop();
  lines.length = 0;
});

/** A real, idle process in the role of a service. */
function processNamed(name: string, again?: () => Promise<void>): RunningProcess {
  const child = spawn('sleep', ['60']);
  const exited = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  const end = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  const pid = child.pid ?? 0;
  return {
    name,
    pid,
    stage: 'edge',
    exited,
    stop: end,
    kill: end,
    lastWords: () => 'its last words',
    ...(again && { again }),
  };
}

test('a service that is killed is started again, and the rest goes on', async () => {
  running = createRunning((line) => lines.push(line), 0);
  let noted: number[] = [];
  running.onRestart(() => {
    noted = running.processes().map(({ pid }) => pid);
  });
  const start = async () => running.add(processNamed('gateway-1', start));
  await start();
  running.add(processNamed('redis'));
  const [gateway] = running.processes();
  process.kill(gateway?.pid ?? 0, 'SIGKILL');
  await until('it runs again', () => noted.length === 2);
  expect(noted).not.toContain(gateway?.pid);
  expect(lines).toEqual(['gateway-1 ended by itself (SIGKILL); starting it again']);
  expect(running.failed()).toBe(false);
});

test('one that ends as soon as it has started ends the whole, with its last words; so does a server', async () => {
  for (const [steadyMs, again] of [
    [60_000, async () => {}],
    [0, undefined],
  ] as const) {
    running = createRunning((line) => lines.push(line), steadyMs);
    running.add(processNamed('it', again));
    process.kill(running.processes()[0]?.pid ?? 0, 'SIGTERM');
    await running.stopRequested;
    expect(running.failed()).toBe(true);
    expect(lines.splice(0)).toEqual(['FAILED: it ended by itself (SIGTERM).\nits last words']);
  }
});

test('what is being started again while all is stopped is stopped, too', async () => {
  running = createRunning((line) => lines.push(line), 0);
  let second: RunningProcess | undefined;
  const begun = Promise.withResolvers<void>();
  running.add(
    processNamed('gateway-1', async () => {
      begun.resolve();
      await new Promise((resolve) => setTimeout(resolve, 200));
      second = processNamed('gateway-1');
      running.add(second);
    }),
  );
  process.kill(running.processes()[0]?.pid ?? 0, 'SIGKILL');
  await begun.promise;
  await running.stop();
  expect(await second?.exited).toEqual({ code: null, signal: 'SIGKILL' });
});
