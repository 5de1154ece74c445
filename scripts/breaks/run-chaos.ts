import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Watch } from './read-break.ts';
import type { Verdict } from './run-named-test.ts';

/** A broken system settles late: the harness waits for what never comes before it reports that. */
const DEADLINE_MS = 300_000;

/** One chaos run in the copy. `failed`: the promise in question is broken, whatever else is. */
export async function runChaos(root: string, chaos: Extract<Watch, { by: 'chaos' }>): Promise<Verdict> {
  const child = spawn(process.execPath, [join(root, 'tests/chaos/main.ts'), ...chaos.args], {
    cwd: root,
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
  const isBroken = [...output.matchAll(/BROKEN +(\S+)/g)].some(([, name]) => name === chaos.promise);
  if (isBroken) return 'failed';
  return code === 0 ? 'passed' : 'missing';
}
