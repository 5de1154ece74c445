// npm test [-- jest arguments]: real Redis and Postgres, then jest, then one line with the counts.
import { type Outcome, runJest } from './testing/jest-run.ts';
import { startTestServers } from './testing/servers.ts';

const say = (line: string) => console.log(`[test] ${line}`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

const { passed, failed } = await runTests().catch((error: Error): Outcome => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
if (passed === 0) say('no test has passed: none was found, or none ran.');
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runTests(): Promise<Outcome> {
  const servers = await startTestServers(say);
  try {
    stopping.signal.throwIfAborted();
    return await runJest(process.argv.slice(2), servers.env, stopping.signal);
  } finally {
    await servers.stop();
  }
}
