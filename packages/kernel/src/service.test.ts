import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { sleep } from './clock.ts';

const EXAMPLE = join(import.meta.dirname, 'testing', 'example-service.ts');

type Line = { msg: string; [field: string]: unknown };
type Example = {
  child: ChildProcess;
  lines: Line[];
  stderr: () => string;
  exited: Promise<number | null>;
  /** The first line with that text. */
  seen(msg: string): Promise<Line>;
};

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function startExample(env: NodeJS.ProcessEnv = {}, withChannel = false): Example {
  const stdio = withChannel
    ? (['ignore', 'pipe', 'pipe', 'ipc'] as const)
    : (['ignore', 'pipe', 'pipe'] as const);
  const child = spawn(process.execPath, [EXAMPLE], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: [...stdio],
  });
  children.push(child);
  const lines: Line[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  let stderr = '';
  // not the 'close' event of the child: Node never emits it after disconnect()
  const exited = Promise.all([
    new Promise<number | null>((resolve) => child.once('exit', resolve)),
    new Promise((resolve) => child.stdout?.once('close', resolve)),
  ]).then(([code]) => code);
  child.stderr?.on('data', (bytes) => {
    stderr += bytes;
  });
  child.stdout?.on('data', (bytes) => {
    const parts = (rest + bytes).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Line);
    for (const look of waiting) look();
  });
  return {
    child,
    lines,
    stderr: () => stderr,
    exited,
    seen: (msg) =>
      new Promise((resolve) => {
        const look = () => {
          const line = lines.find((candidate) => candidate.msg === msg);
          if (line === undefined) return;
          waiting.delete(look);
          resolve(line);
        };
        waiting.add(look);
        look();
      }),
  };
}

const messagesOf = (example: Example) => example.lines.map((line) => line.msg);

test('each run has a name of its own, also where INSTANCE_ID is the same', async () => {
  const runs = [startExample({ INSTANCE_ID: 'twin' }), startExample({ INSTANCE_ID: 'twin' })];
  const names = (await Promise.all(runs.map((run) => run.seen('process started')))).map(
    ({ instance }) => instance,
  );
  for (const name of names) expect(name).toMatch(/^twin\.[0-9a-f]{12}$/);
  expect(new Set(names).size).toBe(2);
});

test('a signal makes the service not ready, drains it, stops it and exits with 0', async () => {
  const example = startExample({ DRAIN_MS: '300' });
  const { opsPort } = await example.seen('process started');
  await example.seen('service started');
  const readyz = () => fetch(`http://127.0.0.1:${opsPort}/readyz`);
  expect((await readyz()).status).toBe(200);

  example.child.kill('SIGTERM');
  await example.seen('draining');
  const whileDraining = await readyz();
  expect(whileDraining.status).toBe(503);
  expect(await whileDraining.json()).toEqual({
    ready: false,
    checks: { started: true, not_stopping: false, warm: true },
  });
  expect(await example.exited).toBe(0);
  expect(messagesOf(example)).toEqual([
    ...[
      'process started',
      'service started',
      'service ending',
      'draining',
      'drained',
      'stopped',
      'service ended',
    ],
  ]);
});

test('a second signal ends the process at once with 1 and says what was open', async () => {
  const example = startExample({ DRAIN_MS: '60000' });
  await example.seen('service started');
  example.child.kill('SIGTERM');
  await example.seen('draining');
  await sleep(600);
  example.child.kill('SIGTERM');
  const forced = await example.seen('service forced to end');
  expect(forced).toMatchObject({
    reason: 'second order to stop: SIGTERM',
    state: 'draining',
    level: 'fatal',
  });
  expect(forced.stillOpen).toMatchObject({ TCPServerWrap: 2 });
  expect(await example.exited).toBe(1);
});

test('a second signal right after the first is the same order', async () => {
  const example = startExample({ DRAIN_MS: '300' });
  await example.seen('service started');
  example.child.kill('SIGINT');
  await example.seen('draining');
  example.child.kill('SIGTERM');
  expect(await example.exited).toBe(0);
});

test('a drain that hangs ends at the deadline with 1', async () => {
  const example = startExample({ DRAIN_MS: '60000', SHUTDOWN_GRACE_MS: '400ms' });
  await example.seen('service started');
  example.child.kill('SIGTERM');
  expect(await example.seen('service forced to end')).toMatchObject({
    reason: 'not done after 400 ms',
    state: 'draining',
  });
  expect(await example.exited).toBe(1);
});

test.each([
  ['an unhandled rejection', { AFTER_START: 'throws' }, 'lost in the background'],
  ['a part that ends by itself', { AFTER_START: 'fails' }, 'the loop ended'],
  ['a start that throws', { START: 'throws' }, 'no luck today'],
])('%s stops the service without draining and exits with 1', async (_, env, message) => {
  const example = startExample(env);
  expect(await example.seen('service failed')).toMatchObject({ level: 'fatal', err: { message } });
  expect(await example.exited).toBe(1);
  expect(messagesOf(example)).toContain('stopped');
  expect(messagesOf(example)).not.toContain('draining');
});

test('what stop leaves open is named, and the process ends all the same', async () => {
  const example = startExample({ STOP: 'leaks' });
  await example.seen('service started');
  example.child.kill('SIGTERM');
  expect(await example.exited).toBe(0);
  expect(example.lines.at(-1)).toMatchObject({
    msg: 'service forced to end',
    reason: 'something was left open by stop',
    stillOpen: { TCPServerWrap: 1 },
  });
});

test('a launcher that dies takes the service with it', async () => {
  const example = startExample({}, true);
  await example.seen('service started');
  example.child.disconnect();
  expect(await example.seen('service ending')).toMatchObject({ reason: 'launcher gone' });
  expect(await example.exited).toBe(0);
});

test('a launcher that died before the service was loaded is noticed too', async () => {
  const example = startExample({}, true);
  example.child.disconnect();
  expect(await example.seen('service ending')).toMatchObject({ reason: 'launcher gone' });
  expect(await example.exited).toBe(0);
});

test('a signal while starting is obeyed when the start is done', async () => {
  const example = startExample({ START_MS: '300', LOG_LEVEL: 'debug' });
  await example.seen('process started');
  example.child.kill('SIGTERM');
  expect(await example.exited).toBe(0);
  expect(messagesOf(example)).toEqual([
    ...['process started', 'service ending', 'warmed up', 'draining', 'drained', 'stopped', 'service ended'],
  ]);
});

test.each([
  [{ LOG_LEVEL: 'chatty' }, 'LOG_LEVEL is "chatty": it must be one of'],
  [{ NEEDS: 'MISSING_ONE' }, 'MISSING_ONE is missing'],
])('a fault in the configuration is printed for a person and exits with 1: %j', async (env, message) => {
  const example = startExample(env);
  expect(await example.exited).toBe(1);
  expect(example.stderr()).toContain(message);
});
