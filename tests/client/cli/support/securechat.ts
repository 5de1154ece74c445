import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, afterEach } from '@jest/globals';
import { runCommandLine } from '@securechat/cli/command-line';
import { outputTo } from '@securechat/cli/output';
import { ROOT, until } from '@securechat/testkit';
import type { Stack } from '../../../support/stack.ts';

const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts');

type Ended = { exitCode: number | null; out: string; err: string };
type JsonLine = { type: string } & Record<string, unknown>;

/** A process that goes on: its JSON lines so far. */
type Listening = {
  readonly lines: JsonLine[];
  /** The first line that fits, also one that has come already. */
  line(what: string, fits: (line: JsonLine) => boolean): Promise<JsonLine>;
  stop(): Promise<number | null>;
};

type Begun = { firstLine: Promise<string>; ended: Promise<number | null>; kill(): void };

/** One person at a terminal: a folder of their own and the program. */
export type Terminal = {
  readonly name: string;
  readonly home: string;
  /** One command, in this process: a process of its own for each takes seconds on a busy machine. */
  run(args: readonly string[]): Promise<Ended>;
  /** The same as a person runs it; `input` comes through a pipe. */
  runAlone(args: readonly string[], input?: string): Promise<Ended>;
  /** For a command that says something and goes on. */
  begin(args: readonly string[]): Begun;
  listen(...args: string[]): Promise<Listening>;
};

/** People at terminals; what they leave running ends after the test, and their folders go in the end. */
export function useTerminals(stack: Stack) {
  const folders: string[] = [];
  const running: ChildProcess[] = [];
  let people = 0;
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });
  afterAll(async () => {
    for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  function start(home: string, args: readonly string[]): ChildProcess & { stdout: NodeJS.ReadableStream } {
    const { authUrl, gateways } = stack.constellation;
    const child = spawn(process.execPath, [MAIN, ...args, '--home', home], {
      env: { ...process.env, SECURECHAT_SERVER: authUrl, SECURECHAT_SOCKET: gateways[0]?.wsUrl },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    running.push(child);
    return child as ChildProcess & { stdout: NodeJS.ReadableStream };
  }

  return async (name: string): Promise<Terminal> => {
    const home = await mkdtemp(join(tmpdir(), `securechat-cli-${name}-`));
    folders.push(home);
    return {
      name: `${name}_${++people}`,
      home,
      async run(args) {
        const out: string[] = [];
        const err: string[] = [];
        const output = outputTo(
          (text) => void out.push(text),
          (text) => void err.push(text),
        );
        const exitCode = await runCommandLine([...args, '--home', home], output);
        return { exitCode, out: out.join(''), err: err.join('') };
      },
      async runAlone(args, input = '') {
        const child = start(home, args);
        child.stdin?.end(input);
        const out = textOf(child.stdout);
        const err = textOf(child.stderr as NodeJS.ReadableStream);
        return { exitCode: await exitOf(child), out: await out, err: await err };
      },
      begin(args) {
        const child = start(home, args);
        const lines = createInterface({ input: child.stdout });
        const firstLine = new Promise<string>((resolve) => lines.once('line', resolve));
        return { firstLine, ended: exitOf(child), kill: () => child.kill('SIGKILL') };
      },
      async listen(...args) {
        const child = start(home, ['listen', '--json', ...args]);
        const lines: JsonLine[] = [];
        createInterface({ input: child.stdout }).on('line', (text) => lines.push(JSON.parse(text)));
        const line: Listening['line'] = (what, fits) => until(what, () => lines.find(fits), 30_000);
        await line(`${name} is connected`, ({ state }) => state === 'connected');
        return {
          ...{ lines, line },
          async stop() {
            const exit = exitOf(child);
            child.kill('SIGTERM');
            return exit;
          },
        };
      },
    };
  };
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('close', resolve));
}
