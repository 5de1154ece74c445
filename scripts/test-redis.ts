// npm run test:redis -- cluster|sentinel [jest arguments]: the end-to-end tests, or those that are named, with the services on a Redis Cluster of six
// processes, or on a master and a replica behind three Sentinels. Counts like npm test.
import { startRedisCluster, startRedisSentinel } from '@securechat/embedded';
import { type Outcome, runJest } from './testing/jest-run.ts';
import { startTestServers, type TestServer } from './testing/servers.ts';

const TESTS = ['tests/e2e'];

const kinds: Readonly<Record<string, () => Promise<TestServer>>> = {
  async cluster() {
    const { url, stop } = await startRedisCluster();
    return { url, source: 'a cluster: three masters, each with a replica', stop };
  },
  async sentinel() {
    const { url, stop } = await startRedisSentinel();
    return { url, source: 'a master and a replica behind three Sentinels', stop };
  },
};

const say = (line: string): void => console.log(`[redis] ${line}`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

async function main(): Promise<Outcome> {
  const [kind = '', ...wanted] = process.argv.slice(2);
  const start = Object.hasOwn(kinds, kind) ? kinds[kind] : undefined;
  if (start === undefined) throw new Error('Usage: npm run test:redis -- cluster|sentinel [jest arguments]');
  const servers = await startTestServers(say, await start());
  try {
    stopping.signal.throwIfAborted();
    // a test that starts its own gets the same kind
    const env = { ...servers.env, TEST_OWN_REDIS: kind };
    return await runJest(wanted.length > 0 ? wanted : TESTS, env, stopping.signal);
  } finally {
    await servers.stop();
  }
}

const { passed, failed } = await main().catch((error: Error): Outcome => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
