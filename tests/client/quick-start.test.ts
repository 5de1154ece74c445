import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect } from '@jest/globals';
import { ROOT, until } from '@securechat/testkit';
import { useConstellation } from '../support/stack.ts';
import { texts, useDevices } from './support/people.ts';

const stack = useConstellation({ gateways: 1 });
const { test } = stack;
const devices = useDevices(stack);
const MOST_LINES = 15;
const MOST_BOT_LINES = 20;

const running: { child: ChildProcess; folder: string; file: string }[] = [];
afterEach(() => {
  for (const { child, folder, file } of running.splice(0)) {
    child.kill('SIGKILL');
    for (const path of [folder, file]) rmSync(path, { recursive: true, force: true });
  }
});

/** Runs a program that finds the SDK as an app would; its stores lie in a folder of its own. */
function run(source: string, name: string): { said: () => string } {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-quick-start-'));
  // where the package is installed, and of a kind that Node runs as it is there
  const file = join(ROOT, 'tests', 'node_modules', `${name}-${process.pid}.mjs`);
  writeFileSync(file, source);
  const child = spawn(process.execPath, [file], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push({ child, folder, file });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += String(chunk);
    });
  return { said: () => said };
}

/** With the addresses of this stack. */
const here = (source: string): string =>
  source
    .replace('http://127.0.0.1:7450', stack.constellation.authUrl)
    .replace('ws://127.0.0.1:7443/v1/ws', stack.constellation.gateways[0]?.wsUrl ?? '');

describe('a few lines are enough', () => {
  test('for the quick start of the README', async () => {
    const [, block = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8')) ?? [];
    expect(block.trim().split('\n').length).toBeLessThanOrEqual(MOST_LINES);
    const { said } = run(here(block), 'quick-start');
    await until('Bob has read it', () => said().includes('\n') && said(), 20_000);
    expect(said()).toBe('alice says: Hello, Bob!\n');
  });

  test('for a bot', async () => {
    const source = readFileSync(join(ROOT, 'apps/echo-bot/echo-bot.ts'), 'utf8');
    expect(source.trim().split('\n').length).toBeLessThanOrEqual(MOST_BOT_LINES);
    const { said } = run(here(source), 'echo-bot');
    const alice = await devices.signUp('alice');
    const chat = await until(
      'the bot is there',
      () => alice.client.direct('echo').catch(() => undefined),
      20_000,
    );
    await chat.send('hello');
    await until('it has answered', () => texts(alice.seen).includes('You said: hello'), 20_000);
    expect(said()).toBe('');
  });
});
