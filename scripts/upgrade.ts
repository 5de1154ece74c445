// npm run upgrade [-- commit]: the previous release's services beside this one's, under load.
import { parseArgs } from 'node:util';
import { readOrEnd } from './read-or-end.ts';
import { type Outcome, runJest } from './testing/jest-run.ts';
import { startTestServers } from './testing/servers.ts';
import { installPreviousRelease } from './upgrade/previous-release.ts';

const USAGE = `Usage: npm run upgrade [-- COMMIT]
Runs the services of the release before this one, or of COMMIT, beside those of this tree, under load.`;

const { from } = readOrEnd(USAGE, () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: 'boolean' } },
  });
  if (positionals.length > 1) throw new Error(`One commit is wanted, not ${positionals.length}.`);
  return values.help ? undefined : { from: positionals[0] };
});

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
  const { version, commit, path } = installPreviousRelease(say, from);
  say(`from ${version} (${commit.slice(0, 7)}) to this tree`);
  const servers = await startTestServers(say);
  try {
    stopping.signal.throwIfAborted();
    return await runJest(['tests/upgrade'], { ...servers.env, UPGRADE_FROM: path }, stopping.signal);
  } finally {
    await servers.stop();
  }
}
