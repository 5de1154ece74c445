import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Verdict } from './run-named-tests.ts';

/** A broken system settles late: the harness waits for what never comes before it reports that. */
const DEADLINE_MS = 300_000;

/** One chaos run in the copy. Resolves with the verdict on each promise; `failed`: it is broken, whatever else is. */
export async function runChaos(
  root: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<(promise: string) => Verdict> {
  const child = spawn(process.execPath, [join(root, 'tests/chaos/main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    output += part;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject).once('close', resolve);
  const code = await promise;
  clearTimeout(timer);
  const broken = new Set([...output.matchAll(/BROKEN +(\S+)/g)].map(([, name]) => name));
  const otherwise = code === 0 ? 'passed' : 'missing';
  return (promise) => (broken.has(promise) ? 'failed' : otherwise);
}
