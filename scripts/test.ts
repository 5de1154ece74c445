// npm test [-- jest arguments]: real Redis and Postgres, then jest, then one line that counts.
import { runJest } from './testing/jest-run.ts';
import { startTestServers } from './testing/servers.ts';

const servers = await startTestServers((line) => console.log(`[test] ${line}`));
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

try {
  const outcome = await runJest(process.argv.slice(2), servers.env, stopping.signal);
  if (outcome.passed === 0) console.log('[test] no test has passed: none was found, or none ran.');
  console.log(`${outcome.passed} passed, ${outcome.failed} failed`);
  process.exitCode = outcome.failed === 0 && outcome.passed > 0 ? 0 : 1;
} finally {
  await servers.stop();
}
