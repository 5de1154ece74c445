import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../tools.ts';

/** Runs a service's program as an operator would, with only `settings` in its environment. */
export async function runProgram(
  program: string,
  words: readonly string[],
  settings: Readonly<Record<string, string>> = {},
) {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, HOME, NODE_COMPILE_CACHE, ...settings };
  const child = spawn(process.execPath, [join(ROOT, 'services', program), ...words], { env });
  child.stdin.end('{"method": "GET", "path": "/v1/admin/accounts"}');
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { status: child.exitCode, out, err };
}
