import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export type AuthProcess = {
  /** Undefined until a log line has named it. */
  httpUrl: string;
  opsUrl: string;
  /** Everything written to standard output and standard error so far. */
  log(): string;
  /** The exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
};

/** Takes 0.1 s on an idle machine, many on one that is busy with other tests. */
const START_DEADLINE_MS = 30_000;
const MAIN = join(import.meta.dirname, '../main.ts');

/** The service as an operator starts it. Resolves once it has started, rejects with its output if it exits first. */
export async function startAuthProcess(env: Record<string, string>): Promise<AuthProcess> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [MAIN], {
    env: { ...inherited, AUTH_HTTP_PORT: '0', OPS_PORT: '0', LOG_LEVEL: 'debug', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  await started(child, output);
  return {
    httpUrl: `http://127.0.0.1:${portIn(output(), 'httpPort')}`,
    opsUrl: `http://127.0.0.1:${portIn(output(), 'opsPort')}`,
    log: output,
    async end(signal) {
      if (child.exitCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill(signal);
      await exited;
      return child.exitCode;
    },
  };
}

function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  }
  return () => text;
}

async function started(child: ChildProcess, output: () => string): Promise<void> {
  const untilMs = Date.now() + START_DEADLINE_MS;
  while (!output().includes('"service started"')) {
    if (child.exitCode !== null || Date.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`auth has not started:\n${output()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function portIn(log: string, field: string): string {
  const [, port] = new RegExp(`"${field}":(\\d+)`).exec(log) ?? [];
  if (port === undefined) throw new Error(`the log names no ${field}:\n${log}`);
  return port;
}
