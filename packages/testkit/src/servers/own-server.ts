import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedServer } from '@securechat/embedded';
import { unusedPort } from '../ports.ts';

/** A Redis or Postgres that belongs to one test, which may break it. */
export type OwnServer = {
  readonly url: string;
  readonly port: number;
  /** Its origin, for the log. */
  readonly source: string;
  /** The folder of its files on this machine. */
  readonly dir: string | undefined;
  /** Ends it with this signal; resolves when it has ended. Its files stay. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Suspends its main process: connections stay open, but nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Restarts it on the same port, with whatever is in its files. */
  start(): Promise<void>;
  /** Restarts it on the same port as a new server without data. */
  startEmpty(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
};

export function wantsContainers(): boolean {
  return process.env.TEST_SERVICES === 'containers';
}

/** Prints one line, bypassing the console, for which jest would print ten more. */
export function say(line: string): void {
  process.stdout.write(`[testkit] ${line}\n`);
}

/** Starts an embedded server in a folder, on a port. */
export type EmbeddedStarter = (place: { dir: string; port: number }) => Promise<EmbeddedServer>;

/** `within`: folder for its files, if they are to be on a separate disk. */
export async function ownEmbeddedServer(
  name: string,
  starter: EmbeddedStarter,
  within: string = tmpdir(),
): Promise<OwnServer> {
  const folder = mkdtempSync(join(within, `securechat-test-${name}-`));
  chmodSync(folder, 0o755);
  let dir = join(folder, 'files');
  const ended = new WeakSet<EmbeddedServer>();
  let server = await begin(await unusedPort());
  const { url, port } = server;

  /** It may end by itself: Postgres does when it cannot write its log. */
  async function begin(port: number): Promise<EmbeddedServer> {
    const started = await starter({ dir, port });
    void started.exited.then(() => ended.add(started));
    return started;
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (ended.has(server)) return;
    // a stopped process reacts to no other signal
    process.kill(server.pid, 'SIGCONT');
    await server.stop(signal);
  }

  return {
    url,
    port,
    get dir() {
      return server.dir;
    },
    source: `embedded ${name} (${server.program}), port ${port}`,
    end,
    pause: async () => void process.kill(server.pid, 'SIGSTOP'),
    resume: async () => void process.kill(server.pid, 'SIGCONT'),
    async start() {
      server = await begin(port);
    },
    async startEmpty() {
      dir = `${dir}-next`;
      server = await begin(port);
    },
    async stop() {
      await end('SIGKILL').catch(() => undefined);
      rmSync(server.dir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
