import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { CommandFailed, exitCodes } from '../../failures.ts';
import { MAX_ANSWER_BYTES } from '../api/transport.ts';
import type { Start } from './place.ts';

const environment = ({ env }: Start): NodeJS.ProcessEnv => ({ ...process.env, ...env });

/** Shows what the program writes as it comes, and resolves with its exit code. It ends when this process is asked to. */
export async function runInSight(start: Start): Promise<number> {
  const child = spawn(start.command, start.args, {
    ...{ cwd: start.cwd, env: environment(start) },
    // whoever reads names in a loop and asks for each keeps the rest of them
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  // a terminal sends Ctrl-C to the child as well
  const wait = (): void => undefined;
  process.on('SIGINT', wait).on('SIGTERM', pass).on('SIGHUP', pass);
  try {
    return await exitCodeOf(child, start.command);
  } finally {
    process.off('SIGINT', wait).off('SIGTERM', pass).off('SIGHUP', pass);
  }
}

/** What it writes to standard output, given `input`. Rejects with `CommandFailed`, and what it has written to standard error, when it fails. */
export async function textFrom(
  start: Start,
  { input = '', deadlineMs }: { input?: string; deadlineMs: number },
): Promise<string> {
  const child = spawn(start.command, start.args, {
    ...{ cwd: start.cwd, env: environment(start), stdio: ['pipe', 'pipe', 'pipe'] },
    timeout: deadlineMs,
  });
  // one that has ended reads nothing, and says elsewhere why
  child.stdin?.on('error', () => undefined).end(input);
  const texts = Promise.all([textOf(child, 'stdout'), textOf(child, 'stderr')]);
  const exitCode = await exitCodeOf(child, start.command);
  const [out, err] = await texts;
  if (exitCode === 0) return out;
  const late = child.signalCode === null ? '' : ` within ${deadlineMs} ms`;
  throw new CommandFailed(
    `${start.command} has not succeeded${late}: ${err.trim().slice(-2_000) || `exit code ${exitCode}`}`,
    'Does what it asks for run, and may you ask?',
    exitCodes.later,
  );
}

async function textOf(child: ChildProcess, from: 'stdout' | 'stderr'): Promise<string> {
  let text = '';
  for await (const part of child[from]?.setEncoding('utf8') ?? []) {
    text += part;
    if (text.length > MAX_ANSWER_BYTES) child.kill();
  }
  return text;
}

async function exitCodeOf(child: ChildProcess, command: string): Promise<number> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGKILL'];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new CommandFailed(`There is no program ${command} here`, 'Install it, or run this where it is.');
  }
}
