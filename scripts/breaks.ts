// npm run breaks: breaks the code on purpose, once per patch in tests/breaks, and demands that the tests notice.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Group, groupsOf, partOf } from './breaks/choose.ts';
import { applyPatch, createCopy } from './breaks/copy.ts';
import { type Break, readBreak } from './breaks/read-break.ts';
import { runChaos } from './breaks/run-chaos.ts';
import { runNamedTests, type Verdict } from './breaks/run-named-tests.ts';
import { readOrEnd } from './read-or-end.ts';
import { startTestServers } from './testing/servers.ts';
import { ROOT } from './tools.ts';

const say = (line: string): void => console.log(`[breaks] ${line}`);
/** One more than there are cores, as with jest's workers: the tests mostly wait. */
const LANES = 3;

const USAGE = `Usage: npm run breaks -- [part of a name ...] [--part N/M]
Without either, all patches of tests/breaks. --part takes the Nth of M parts of those that a test on Node notices.`;

function chosen(): Break[] | undefined {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { part: { type: 'string' }, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  const folder = join(ROOT, 'tests', 'breaks');
  const all = readdirSync(folder)
    .filter((name) => name.endsWith('.patch'))
    .sort()
    .map((name) => readBreak(join(folder, name)));
  if (values.part === undefined && positionals.length === 0) return all;
  const [, part, parts] = /^(\d+)\/([1-9]\d*)$/.exec(values.part ?? '0/1') ?? [];
  if (parts === undefined) throw new Error(`--part is to be N/M, as 3/10, and not ${values.part}`);
  const dealt = values.part === undefined ? [] : partOf(all, Number(part), Number(parts));
  return all.filter((each) => dealt.includes(each) || positionals.some((word) => each.name.includes(word)));
}

/** One run for all breaks of a group, on the code as it stands in the copy. Resolves with the verdict on each. */
async function judge(
  copy: string,
  group: Group,
  env: Record<string, string>,
): Promise<(of: Break) => Verdict> {
  // of a copy that goes with it, so that what was compiled goes too
  const place = { ...env, NODE_COMPILE_CACHE: join(copy, '.cache', 'compiled') };
  const [watches, [first]] = [group.map(({ watch }) => watch), group];
  if (first?.watch.by === 'chaos') {
    const verdictOn = await runChaos(copy, first.watch.args, place);
    return ({ watch }) => (watch.by === 'chaos' ? verdictOn(watch.promise) : 'missing');
  }
  const tests = watches.filter((watch) => watch.by === 'test');
  const titles = [...new Set(tests.map(({ title }) => title))];
  const verdictOn = await runNamedTests(copy, tests[0]?.file ?? '', titles, place);
  return ({ watch }) => (watch.by === 'test' ? verdictOn(watch.title) : 'missing');
}

/** What is wrong with a break; undefined when the tests noticed it. `before`: the verdict on the unbroken code. */
async function faultOf(
  copy: string,
  each: Break,
  before: Verdict,
  env: Record<string, string>,
): Promise<string | undefined> {
  if (before !== 'passed') return `its test ${explain(before)} on the code as it is`;
  try {
    applyPatch(copy, each.patch);
  } catch (error) {
    return `the patch does not apply any more: ${error instanceof Error ? error.message : String(error)}`;
  }
  try {
    const after = (await judge(copy, [each], env))(each);
    return after === 'failed' ? undefined : `its test ${explain(after)} although the code is broken`;
  } finally {
    applyPatch(copy, each.patch, { reverse: true });
  }
}

function explain(verdict: Verdict): string {
  return verdict === 'missing' ? 'was not found, did not load or came to no verdict of that name' : verdict;
}

/** Takes the remaining groups in turn, in its own copy. Resolves with how many breaks nobody noticed. */
async function runLane(waiting: Group[], copy: string, env: Record<string, string>): Promise<number> {
  let unnoticed = 0;
  for (let group = waiting.shift(); group; group = waiting.shift()) {
    const before = await judge(copy, group, env);
    for (const each of group) {
      const startedMs = performance.now();
      const fault = await faultOf(copy, each, before(each), env);
      const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
      if (fault !== undefined) unnoticed++;
      const verdict = fault === undefined ? 'noticed' : `NOT NOTICED: ${fault}`;
      say(`${++done}/${breaks.length} ${each.name} (${each.what}): ${verdict} (${seconds} s)`);
    }
  }
  return unnoticed;
}
const breaks = readOrEnd(USAGE, chosen);
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
    const tests = groupsOf(breaks.filter(({ watch }) => watch.by === 'test'));
    // the first lane works while the next one's copy is made
    const lanes = Array.from({ length: Math.min(LANES, tests.length) }, async () =>
      runLane(tests, newCopy(), servers.env),
    );
    const counts = await Promise.all(lanes);
    // chaos uses the whole machine, and judges durations
    const chaos = groupsOf(breaks.filter(({ watch }) => watch.by === 'chaos'));
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
