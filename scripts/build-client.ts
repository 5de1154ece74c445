// npm run build:client: builds packages/client/dist, the SDK as published: ESM for browsers and Node, and types. Fails when what an app
// loads at first, or a part loaded on demand, exceeds its size budget. Then runs the suites on the build, unless --only-build is given.
import { readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { bundle, CLIENT } from './client/bundle.ts';
import { embeddedSize } from './client/embed.ts';
import { leaveOutUpstream } from './client/lean.ts';
import { writeLicences } from './client/licences.ts';
import { CORE_BUDGET_BYTES, heaviest, PART_BUDGETS, sizesOf } from './client/sizes.ts';
import { runSuites } from './client/suites.ts';
import { checkTypes, filesOf, writeTypes } from './client/types.ts';

const DIST = join(CLIENT, 'dist');
/** The entry points of package.json, and their sources. */
const DOORS = {
  index: 'src/index.ts',
  'node/index': 'src/node/index.ts',
  memory: 'src/storage/memory.ts',
  files: 'src/files/index.ts',
  push: 'src/push/index.ts',
  direct: 'src/direct/index.ts',
  'group-links': 'src/group-links/index.ts',
  search: 'src/search/index.ts',
};
/** Rejected by a Content Security Policy without `unsafe-eval`. */
const MAKES_CODE = /\bnew Function\b|\bFunction\(["'`]|(?<![.\w$])eval\(/;

rmSync(DIST, { recursive: true, force: true });
const built = await bundle({
  entries: Object.fromEntries(Object.entries(DOORS).map(([name, source]) => [name, join(CLIENT, source)])),
  folder: DIST,
  loaders: [leaveOutUpstream()],
});
writeLicences(built, DIST);
await writeTypes(DIST, DOORS);
await checkTypes(DIST, DOORS);

const { core, parts } = sizesOf(built);
report('core', core, CORE_BUDGET_BYTES);
for (const [name, budget] of Object.entries(PART_BUDGETS)) report(`part ${name}`, parts[name], budget);
for (const name of Object.keys(parts))
  if (!(name in PART_BUDGETS) && !name.startsWith('node/')) fail(`The part ${name} has no budget.`);
report('core, in an app that is bundled with it', await embeddedSize(DIST), CORE_BUDGET_BYTES);
for (const [name, bytes] of heaviest(built)) console.log(`  ${name}: ${bytes} bytes before gzip`);
for (const name of filesOf(DIST, '.js'))
  if (MAKES_CODE.test(readFileSync(name, 'utf8')))
    fail(`${basename(name)} makes code at run time, which a strict page forbids.`);

if (!process.argv.includes('--only-build')) {
  const { passed, failed } = await runSuites();
  console.log(`${passed} passed, ${failed} failed, in the suites on what was built`);
  if (failed > 0 || passed === 0) process.exitCode = 1;
}

function report(name: string, bytes: number | undefined, budget: number): void {
  if (bytes === undefined) return fail(`${name} has a budget and does not exist.`);
  console.log(`${name}: ${bytes} of at most ${budget} bytes after gzip`);
  if (bytes > budget) fail(`${name} has become too big.`);
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 1;
}
