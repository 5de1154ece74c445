import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { CommandFailed, exitCodes } from '../../failures.ts';
import { MAX_ANSWER_BYTES } from '../api/transport.ts';
import type { Start } from './place.ts';

const environment = ({ env }: Start): NodeJS.ProcessEnv => ({ ...process.env, ...env });

/** Passes the program's output through, and resolves with its exit code. Ends it when this process is told to end. */
export async function runInSight(start: Start): Promise<number> {
  const child = spawn(start.command, start.args, {
    ...{ cwd: start.cwd, env: environment(start) },
    // a shell loop that reads names and runs this for each must keep the rest of its input
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

/** The program's standard output, given `input`. Rejects with `CommandFailed`, including its standard error, when it fails. */
export async function textFrom(
  start: Start,
  { input = '', deadlineMs }: { input?: string; deadlineMs: number },
): Promise<string> {
  const child = spawn(start.command, start.args, {
    ...{ cwd: start.cwd, env: environment(start), stdio: ['pipe', 'pipe', 'pipe'] },
    timeout: deadlineMs,
  });
  // a program that has ended reads nothing; its failure is reported below
  child.stdin?.on('error', () => undefined).end(input);
  const texts = Promise.all([textOf(child, 'stdout'), textOf(child, 'stderr')]);
  const exitCode = await exitCodeOf(child, start.command);
  const [out, err] = await texts;
  if (exitCode === 0) return out;
  const late = child.signalCode === null ? '' : ` within ${deadlineMs} ms`;
  throw new CommandFailed(
    `${start.command} has not succeeded${late}: ${err.trim().slice(-2_000) || `exit code ${exitCode}`}`,
    'Is the target running, and do you have access to it?',
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
    throw new CommandFailed(
      `The program ${command} is not installed here`,
      'Install it, or run this where it is installed.',
    );
  }
}
