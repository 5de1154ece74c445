// npm run breaks: breaks the code on purpose, once per patch in tests/breaks, and demands that the tests notice.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { applyPatch, createCopy } from './breaks/copy.ts';
import { type Break, readBreak, type Watch } from './breaks/read-break.ts';
import { runChaos } from './breaks/run-chaos.ts';
import { runNamedTest, type Verdict } from './breaks/run-named-test.ts';
import { startTestServers } from './testing/servers.ts';
import { ROOT } from './tools.ts';

const say = (line: string): void => console.log(`[breaks] ${line}`);
const folder = join(ROOT, 'tests', 'breaks');
const wanted = process.argv.slice(2);
const breaks = readdirSync(folder)
  .filter(
    (name) => name.endsWith('.patch') && (wanted.length === 0 || wanted.some((word) => name.includes(word))),
  )
  .sort()
  .map((name) => readBreak(join(folder, name)));

/** One more than there are cores, as with jest's workers: the tests mostly wait. */
const LANES = 3;

/** What is wrong with a break; undefined when the tests noticed it. */
async function faultOf(
  copy: string,
  { patch, watch }: Break,
  env: Record<string, string>,
): Promise<string | undefined> {
  const before = await beforeBreaking(copy, watch, env);
  if (before !== 'passed') return `its test ${explain(before)} on the code as it is`;
  try {
    applyPatch(copy, patch);
  } catch (error) {
    return `the patch does not apply any more: ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    const after = await verdictOf(copy, watch, env);
    return after === 'failed' ? undefined : `its test ${explain(after)} although the code is broken`;
  } finally {
    applyPatch(copy, patch, { reverse: true });
  }
}

function verdictOf(copy: string, watch: Watch, env: Record<string, string>): Promise<Verdict> {
  return watch.by === 'test' ? runNamedTest(copy, watch, env) : runChaos(copy, watch);
}

/** Breaks that the same test must notice share its run on the unbroken code. */
const soundRuns = new Map<string, Promise<Verdict>>();

function beforeBreaking(copy: string, watch: Watch, env: Record<string, string>): Promise<Verdict> {
  const key = JSON.stringify(watch);
  const run = soundRuns.get(key) ?? verdictOf(copy, watch, env);
  soundRuns.set(key, run);
  return run;
}

function explain(verdict: Verdict): string {
  return verdict === 'missing' ? 'was not found, did not load or came to no verdict of that name' : verdict;
}

/** Takes the remaining breaks in turn, in its own copy. Resolves with how many nobody noticed. */
async function runLane(waiting: Break[], copy: string, env: Record<string, string>): Promise<number> {
  let unnoticed = 0;
  for (let each = waiting.shift(); each; each = waiting.shift()) {
    const startedMs = performance.now();
    const fault = await faultOf(copy, each, env);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    if (fault !== undefined) unnoticed++;
    const verdict = fault === undefined ? 'noticed' : `NOT NOTICED: ${fault}`;
    say(`${++done}/${breaks.length} ${each.name} (${each.what}): ${verdict} (${seconds} s)`);
  }
  return unnoticed;
}
let done = 0;

async function main(): Promise<number> {
  const servers = await startTestServers(say);
  const copies: ReturnType<typeof createCopy>[] = [];
  const newCopy = (): string => {
    const copy = createCopy(say);
    copies.push(copy);
    return copy.path;
  };
  try {
    const tests = breaks.filter(({ watch }) => watch.by === 'test');
    // the first lane works while the next one's copy is made
    const lanes = Array.from({ length: Math.min(LANES, tests.length) }, async () =>
      runLane(tests, newCopy(), servers.env),
    );
    const counts = await Promise.all(lanes);
    // chaos uses the whole machine, and judges durations
    const chaos = breaks.filter(({ watch }) => watch.by === 'chaos');
    if (chaos.length > 0) counts.push(await runLane(chaos, copies[0]?.path ?? newCopy(), servers.env));
    return counts.reduce((sum, count) => sum + count, 0);
  } finally {
    for (const copy of copies) copy.remove();
    await servers.stop();
  }
}

if (breaks.length === 0) {
  say('no patch was found');
  process.exitCode = 1;
} else {
  const unnoticed = await main();
  console.log(`${breaks.length - unnoticed} passed, ${unnoticed} failed`);
  process.exitCode = unnoticed === 0 ? 0 : 1;
}
