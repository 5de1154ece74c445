// Runs command line tools installed as packages.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const ROOT = join(import.meta.dirname, '..');

export type ToolResult = { status: number; output: string };

/** `capture` returns the tool's output; `inherit` lets it write to our terminal. */
export async function runTool(
  packageName: string,
  command: string,
  args: string[],
  output: 'capture' | 'inherit',
): Promise<ToolResult> {
  return runNode([toolPath(packageName, command), ...args], output);
}

export async function runNode(
  args: string[],
  output: 'capture' | 'inherit',
  env: NodeJS.ProcessEnv = process.env,
): Promise<ToolResult> {
  const stdio = output === 'inherit' ? 'inherit' : 'pipe';
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['inherit', stdio, stdio] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part) => (text += part));
  const status = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    // 'close', not 'exit': by then all output has been read
    child.once('close', (code) => resolve(code ?? 1));
  });
  return { status, output: text };
}

/** The JavaScript file of a package's command. */
export function toolPath(packageName: string, command: string): string {
  // not resolved: a package need not export its manifest
  const manifestPath = join(ROOT, 'node_modules', packageName, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { bin: string | Record<string, string> };
  const path = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[command];
  if (path === undefined) throw new Error(`${packageName} has no command ${command}`);
  return join(dirname(manifestPath), path);
}
