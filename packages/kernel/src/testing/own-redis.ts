import { afterEach } from '@jest/globals';
// biome-ignore lint/style/noRestrictedImports: tests that pause and kill a Redis of their own
import { type EmbeddedServer, startRedis } from '@securechat/embedded';

type Cleanup = () => Promise<void> | void;

/** For one test file: what it starts is ended after each test, the latest first. */
export function endedAfterEach() {
  const cleanups: Cleanup[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  return {
    after: (cleanup: Cleanup) => void cleanups.push(cleanup),
    async ownRedis(port?: number): Promise<EmbeddedServer> {
      const server = await startRedis(port === undefined ? {} : { port });
      cleanups.push(() => server.stop('SIGKILL'));
      return server;
    },
  };
}
