import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { until, unusedPort } from '@securechat/testkit';
import { type ServiceProcess, startService } from './service-process.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'securechat-service-'));
  mkdirSync(join(root, 'services/auth/src'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A process that does this instead of what auth does. */
async function startProgram(source: string): Promise<ServiceProcess> {
  writeFileSync(join(root, 'services/auth/src/main.ts'), source);
  return startService({ service: 'auth', name: 'auth 0', opsPort: await unusedPort(), env: {}, root });
}

test('a process that ended by itself is told on, and neither stopped nor started again as if it had not', async () => {
  const process = await startProgram('process.exitCode = 3;');
  await until('it has ended', () => !process.isRunning);
  expect(process.crashes).toEqual(['auth 0 ended by itself with 3']);
  await process.kill('SIGKILL');
  await expect(process.stop()).rejects.toThrow('auth 0 ended by itself with 3');
  await expect(process.restart()).rejects.toThrow('auth 0 ended by itself with 3');
});

test('a process that was killed may be killed and stopped again, and has not crashed', async () => {
  const process = await startProgram('setInterval(() => undefined, 1_000);');
  await process.kill('SIGKILL');
  await process.kill('SIGKILL');
  await process.stop();
  expect(process.crashes).toEqual([]);
});
