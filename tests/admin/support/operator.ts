import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { runCommandLine } from '@securechat/cli/command-line';
import { outputTo } from '@securechat/cli/output';
import { ROOT } from '@securechat/testkit';

export type Ended = { exitCode: number | null; out: string; err: string };

const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts');

/** `securechat admin …` in this process, with these settings: a process of its own for each takes seconds on a busy machine. */
export async function runAdmin(args: readonly string[], env: Record<string, string>): Promise<Ended> {
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    const [out, err]: [string[], string[]] = [[], []];
    const output = outputTo(
      (text) => void out.push(text),
      (text) => void err.push(text),
    );
    const exitCode = await runCommandLine(['admin', ...args], output);
    return { exitCode, out: out.join(''), err: err.join('') };
  } finally {
    for (const name of Object.keys(env)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

/** The same as a person runs it; `input` comes through a pipe. */
export async function runAdminAlone(
  args: readonly string[],
  env: Record<string, string>,
  input = '',
): Promise<Ended> {
  const child = startAdmin(args, env);
  child.stdin?.end(input);
  const texts = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, err] = await texts;
  return { exitCode, out, err };
}

export function startAdmin(args: readonly string[], env: Record<string, string>): ChildProcess {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return spawn(process.execPath, [MAIN, 'admin', ...args], {
    env: { ...inherited, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += chunk;
  return text;
}
