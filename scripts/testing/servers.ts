// Provides the tests' Redis and Postgres: given ones first, then containers if requested, else embedded.
import { startPostgres, startRedis } from '@securechat/embedded';
import { startPostgresContainer, startRedisContainer } from './containers.ts';

type Progress = (line: string) => void;
export type TestServer = { url: string; source: string; stop(): Promise<unknown> };
export type TestServers = { env: Record<string, string>; stop(): Promise<void> };

/** `ready`: a running Redis to use instead of the usual one; stopped with the others. */
export async function startTestServers(progress: Progress, ready?: TestServer): Promise<TestServers> {
  const redis = ready ?? (await startTestRedis(progress));
  progress(`Redis: ${redis.source}`);
  const postgres = await startTestPostgres(progress).catch(async (error: unknown) => {
    await redis.stop();
    throw error;
  });
  progress(`Postgres: ${postgres.source}`);
  return {
    env: { TEST_REDIS_URL: redis.url, TEST_POSTGRES_URL: postgres.url },
    async stop() {
      await Promise.all([redis.stop(), postgres.stop()]);
    },
  };
}

async function startTestRedis(progress: Progress): Promise<TestServer> {
  const given = process.env.TEST_REDIS_URL;
  if (given) return givenServer(given, 'TEST_REDIS_URL');
  if (wantsContainers()) return startRedisContainer();
  const server = await startRedis({ progress });
  return {
    url: server.url,
    source: `embedded (${server.program}), port ${server.port}, nothing is kept`,
    stop: () => server.stop(),
  };
}

async function startTestPostgres(progress: Progress): Promise<TestServer> {
  const given = process.env.TEST_POSTGRES_URL;
  if (given) return givenServer(given, 'TEST_POSTGRES_URL');
  if (wantsContainers()) return startPostgresContainer();
  // 300: every test file opens its own pools, and some start whole stacks
  const server = await startPostgres({ durable: false, settings: { max_connections: 300 }, progress });
  return {
    url: server.url,
    source: `embedded (${server.program}), port ${server.port}, without fsync`,
    stop: () => server.stop(),
  };
}

function givenServer(url: string, variable: string): TestServer {
  return { url, source: `given by ${variable}`, stop: async () => undefined };
}

function wantsContainers(): boolean {
  const wanted = process.env.TEST_SERVICES ?? 'embedded';
  if (wanted !== 'containers' && wanted !== 'embedded') {
    throw new Error(`TEST_SERVICES is "${wanted}": use containers or embedded (the default).`);
  }
  return wanted === 'containers';
}
