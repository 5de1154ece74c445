// npm run build:client: packages/client/dist, the SDK as it is published: ESM for browsers and Node, and types. What an app
// loads has to stay small: it fails when that, or a part that is loaded on demand, has grown too big. It then runs the suites on
// what it has made, as it was made; with --only-build it does not.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { bundle, CLIENT } from './client/bundle.ts';
import { embeddedSize } from './client/embed.ts';
import { leaveOutUpstream } from './client/lean.ts';
import { writeLicences } from './client/licences.ts';
import { CORE_BUDGET_BYTES, heaviest, PART_BUDGETS, sizesOf } from './client/sizes.ts';
import { runSuites } from './client/suites.ts';
import { runTool } from './tools.ts';

const DIST = join(CLIENT, 'dist');
/** What a package.json can point at, and where it comes from. */
const DOORS = {
  index: 'src/index.ts',
  'node/index': 'src/node/index.ts',
  memory: 'src/storage/memory.ts',
  files: 'src/files/index.ts',
  push: 'src/push/index.ts',
  direct: 'src/direct/index.ts',
  'group-links': 'src/group-links/index.ts',
};
/** What a Content Security Policy without `unsafe-eval` refuses. */
const MAKES_CODE = /\bnew Function\b|\bFunction\(["'`]|(?<![.\w$])eval\(/;

rmSync(DIST, { recursive: true, force: true });
const built = await bundle({
  entries: Object.fromEntries(Object.entries(DOORS).map(([name, source]) => [name, join(CLIENT, source)])),
  folder: DIST,
  loaders: [leaveOutUpstream()],
});
writeLicences(built, DIST);
await writeTypes();

const { core, parts } = sizesOf(built);
report('core', core, CORE_BUDGET_BYTES);
for (const [name, budget] of Object.entries(PART_BUDGETS)) report(`part ${name}`, parts[name], budget);
for (const name of Object.keys(parts))
  if (!(name in PART_BUDGETS) && !name.startsWith('node/')) fail(`The part ${name} has no budget.`);
report('core, in an app that is bundled with it', await embeddedSize(DIST), CORE_BUDGET_BYTES);
for (const [name, bytes] of heaviest(built)) console.log(`  ${name}: ${bytes} bytes before gzip`);
for (const name of filesOf(DIST, '.js'))
  if (MAKES_CODE.test(readFileSync(join(DIST, name), 'utf8')))
    fail(`${name} makes code at run time, which a strict page forbids.`);

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

/** Declarations of the client and of the packages of ours that they name, which are not published by themselves. */
async function writeTypes(): Promise<void> {
  const { status, output } = await runTool(
    'typescript',
    'tsc',
    ['-p', join(CLIENT, 'tsconfig.build.json')],
    'capture',
  );
  if (status !== 0) throw new Error(`The types cannot be written:\n${output}`);
  const types = join(DIST, 'types');
  const inside = {
    '@securechat/protocol': join(types, 'protocol/src/index.d.ts'),
    '@securechat/crypto/e2ee': join(types, 'crypto/src/e2ee/index.d.ts'),
  };
  for (const name of filesOf(types, '.d.ts')) {
    const file = join(types, name);
    let text = readFileSync(file, 'utf8').replace(/(from\s+['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2');
    for (const [specifier, target] of Object.entries(inside)) {
      const path = relative(dirname(file), target).replace(/\.d\.ts$/, '.js');
      text = text.replaceAll(`'${specifier}'`, `'${path.startsWith('.') ? path : `./${path}`}'`);
    }
    writeFileSync(file, text);
  }
  for (const [door, source] of Object.entries(DOORS)) {
    const file = join(DIST, `${door}.d.ts`);
    mkdirSync(dirname(file), { recursive: true });
    const path = relative(dirname(file), join(types, 'client', source)).replace(/\.ts$/, '.js');
    writeFileSync(file, `export * from './${path}';\n`.replace('./../', '../'));
  }
}

function filesOf(folder: string, ending: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
}
