// npm run chaos: breaks a running system on purpose, under load, and checks the history against the guarantees.
import { rmSync } from 'node:fs';
import { readArguments, USAGE } from './arguments.ts';
import { historyOf } from './record.ts';
import { runOnce } from './run.ts';

const HOUR_MS = 3_600_000;
/** Histories kept of runs without a violation: a long series must not fill the disk. Reports and verdicts stay. */
const KEPT_HISTORIES = 20;

const say = (line: string): void => console.log(`[chaos] ${line}`);

/** Whoever stops it wants all processes and folders gone, not a verdict. */
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}

async function main(): Promise<boolean> {
  const plan = readArguments(process.argv.slice(2));
  if (plan === 'help') {
    console.log(USAGE);
    return true;
  }
  if (process.env.TEST_SERVICES === 'containers') {
    throw new Error('chaos needs embedded servers: it signals their processes. Unset TEST_SERVICES.');
  }

  const untilMs = plan.hours === undefined ? undefined : performance.now() + plan.hours * HOUR_MS;
  const seeds: string[] = [];
  const clean: number[] = [];
  let [passed, failed] = [0, 0];
  for (let n = 0; untilMs === undefined ? n < plan.runs : performance.now() < untilMs; n++) {
    const seed = plan.seed + n;
    const verdict = await runOnce(plan, seed, say, stopping.signal);
    stopping.signal.throwIfAborted();
    seeds.push(`${seed}${verdict.failed > 0 ? ' BROKEN' : ''}`);
    if (verdict.failed === 0) clean.push(seed);
    for (const old of clean.splice(0, clean.length - KEPT_HISTORIES)) rmSync(historyOf(old), { force: true });
    passed += verdict.passed;
    failed += verdict.failed;
  }
  if (seeds.length > 1) say(`seeds: ${seeds.join(', ')}`);
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
  // whatever still runs here has lost its servers, and would delay the end of this process
  process.exit();
}
