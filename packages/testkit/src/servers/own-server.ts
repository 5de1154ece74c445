import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EmbeddedServer } from '@securechat/embedded';
import { unusedPort } from '../ports.ts';

/** A Redis or Postgres that belongs to one test, which may hurt it. */
export type OwnServer = {
  readonly url: string;
  readonly port: number;
  /** Where it comes from, for the log. */
  readonly source: string;
  /** Ends it with this signal; resolves when it has ended. Its files stay. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Stops its main process where it is: connections stay open and nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Starts it again on the same port, with what it finds in its files. */
  start(): Promise<void>;
  /** Starts it again on the same port as a new server without any data. */
  startEmpty(): Promise<void>;
  /** Ends it for good and removes its files. */
  stop(): Promise<void>;
};

export function wantsContainers(): boolean {
  return process.env.TEST_SERVICES === 'containers';
}

/** One line, not through the console: jest would print ten around it. */
export function say(line: string): void {
  process.stdout.write(`[testkit] ${line}\n`);
}

/** What starts an embedded server in a folder, on a port. */
export type EmbeddedStarter = (place: { dir: string; port: number }) => Promise<EmbeddedServer>;

export async function ownEmbeddedServer(name: string, starter: EmbeddedStarter): Promise<OwnServer> {
  const folder = mkdtempSync(join(tmpdir(), `securechat-test-${name}-`));
  chmodSync(folder, 0o755);
  let dir = join(folder, 'files');
  let server = await starter({ dir, port: await unusedPort() });
  const { url, port } = server;

  async function end(signal: NodeJS.Signals): Promise<void> {
    // a stopped process acts on no signal but this one
    process.kill(server.pid, 'SIGCONT');
    await server.stop(signal);
  }

  return {
    url,
    port,
    source: `embedded ${name} (${server.program}), port ${port}`,
    end,
    pause: async () => void process.kill(server.pid, 'SIGSTOP'),
    resume: async () => void process.kill(server.pid, 'SIGCONT'),
    async start() {
      server = await starter({ dir, port });
    },
    async startEmpty() {
      dir = `${dir}-next`;
      server = await starter({ dir, port });
    },
    async stop() {
      await end('SIGKILL').catch(() => undefined);
      rmSync(server.dir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
