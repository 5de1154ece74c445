// npm run upgrade [-- commit]: the previous release's services beside this one's, under load.
import { type Outcome, runJest } from './testing/jest-run.ts';
import { startTestServers } from './testing/servers.ts';
import { installPreviousRelease } from './upgrade/previous-release.ts';

const say = (line: string): void => console.log(`[upgrade] ${line}`);
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort());

const { passed, failed } = await runUpgrade().catch((error: Error): Outcome => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runUpgrade(): Promise<Outcome> {
  const { version, commit, path } = installPreviousRelease(say, process.argv[2]);
  say(`from ${version} (${commit.slice(0, 7)}) to this tree`);
  const servers = await startTestServers(say);
  try {
    stopping.signal.throwIfAborted();
    return await runJest(['tests/upgrade'], { ...servers.env, UPGRADE_FROM: path }, stopping.signal);
  } finally {
    await servers.stop();
  }
}
