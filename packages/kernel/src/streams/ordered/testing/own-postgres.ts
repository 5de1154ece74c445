import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
// biome-ignore lint/style/noRestrictedImports: tests stop and start a Postgres of their own
import { type EmbeddedServer, startPostgres } from '@securechat/embedded';

export type OwnPostgres = {
  url: string;
  /** An immediate stop: no session is waited for, and the next start recovers from the WAL. */
  stopAtOnce(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
};

/** A Postgres that keeps its files while it is stopped. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-test-ordered-'));
  // the account that runs the server must be able to enter
  chmodSync(folder, 0o755);
  const options = { dir: join(folder, 'files'), durable: false };
  let server: EmbeddedServer = await startPostgres(options);
  const { url, port } = server;
  return {
    url,
    stopAtOnce: () => server.stop('SIGQUIT'),
    async start() {
      server = await startPostgres({ ...options, port });
    },
    async remove() {
      await server.stop('SIGQUIT').catch(() => undefined);
      rmSync(server.dir, { recursive: true, force: true });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
