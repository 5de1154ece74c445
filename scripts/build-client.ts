// npm run build:client: packages/client/dist, the SDK as it is published: ESM for browsers and Node, and types. The core
// has to stay small; it fails when it has grown too big.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { ROOT, runTool } from './tools.ts';

const CLIENT = join(ROOT, 'packages/client');
const DIST = join(CLIENT, 'dist');
/** After gzip: what an app has to load before it can chat. Parts that are loaded when they are asked for come on top. */
const CORE_BUDGET_BYTES = 92_500;

/** What a Content Security Policy without `unsafe-eval` refuses. */
const MAKES_CODE = /\bnew Function\b|\bFunction\(["'`]|(?<![.\w$])eval\(/;

rmSync(DIST, { recursive: true, force: true });
const browser = await bundle({ platform: 'browser', entry: 'src/index.ts', folder: DIST });
await bundle({ platform: 'node', entry: 'src/node/index.ts', folder: join(DIST, 'node') });
await writeTypes();

const core = coreOf(browser);
for (const { file, bytes, gzipBytes } of sizesOf(browser))
  console.log(
    `${core.includes(file) ? 'core' : 'part'} ${relative(DIST, join(ROOT, file))}: ${bytes} bytes, ${gzipBytes} after gzip`,
  );
const coreBytes = sizesOf(browser).reduce(
  (sum, { file, gzipBytes }) => sum + (core.includes(file) ? gzipBytes : 0),
  0,
);
console.log(`core: ${coreBytes} of at most ${CORE_BUDGET_BYTES} bytes after gzip`);
for (const [name, bytes] of heaviest(browser)) console.log(`  ${name}: ${bytes} bytes`);
if (coreBytes > CORE_BUDGET_BYTES) fail('The SDK has become too big for a browser.');
const makers = sizesOf(browser).filter(({ file }) => MAKES_CODE.test(readFileSync(join(ROOT, file), 'utf8')));
for (const { file } of makers) fail(`${file} makes code at run time, which a strict page forbids.`);

async function bundle(options: {
  platform: 'browser' | 'node';
  entry: string;
  folder: string;
}): Promise<Metafile> {
  const { platform, entry, folder } = options;
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [join(CLIENT, entry)],
    outdir: folder,
    platform,
    ...{ bundle: true, minify: true, splitting: true, format: 'esm', metafile: true, sourcemap: 'linked' },
    target: platform === 'browser' ? ['es2022', 'chrome137', 'firefox130', 'safari17'] : ['node24'],
    logLevel: 'warning',
  });
  return metafile;
}

/** The entry and what it imports at once. */
function coreOf({ outputs }: Metafile): string[] {
  const entry = Object.keys(outputs).find((file) => outputs[file]?.entryPoint !== undefined);
  const core = entry === undefined ? [] : [entry];
  for (const file of core) {
    for (const { path, kind } of outputs[file]?.imports ?? [])
      if (kind === 'import-statement' && !core.includes(path)) core.push(path);
  }
  return core;
}

function sizesOf({ outputs }: Metafile): { file: string; bytes: number; gzipBytes: number }[] {
  return Object.keys(outputs)
    .filter((file) => file.endsWith('.js'))
    .map((file) => {
      const code = readFileSync(join(ROOT, file));
      return { file, bytes: code.length, gzipBytes: gzipSync(code, { level: 9 }).length };
    });
}

/** Which packages the core is made of, before gzip. */
function heaviest({ outputs }: Metafile): [string, number][] {
  const bytesByPackage = new Map<string, number>();
  for (const file of coreOf({ outputs, inputs: {} })) {
    for (const [input, { bytesInOutput }] of Object.entries(outputs[file]?.inputs ?? {})) {
      const name =
        /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? input.split('/').slice(0, 4).join('/');
      bytesByPackage.set(name, (bytesByPackage.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...bytesByPackage].sort(([, a], [, b]) => b - a).slice(0, 12);
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
  const doors = {
    '@securechat/protocol': join(types, 'protocol/src/index.d.ts'),
    '@securechat/crypto/e2ee': join(types, 'crypto/src/e2ee/index.d.ts'),
  };
  for (const name of readdirSync(types, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.d.ts')) continue;
    const file = join(types, name);
    let text = readFileSync(file, 'utf8').replace(/(from\s+['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2');
    for (const [specifier, target] of Object.entries(doors)) {
      const path = relative(dirname(file), target).replace(/\.d\.ts$/, '.js');
      text = text.replaceAll(`'${specifier}'`, `'${path.startsWith('.') ? path : `./${path}`}'`);
    }
    writeFileSync(file, text);
  }
  for (const [door, path] of [
    ['index.d.ts', './types/client/src/index.js'],
    ['node/index.d.ts', '../types/client/src/node/index.js'],
  ] as const) {
    mkdirSync(dirname(join(DIST, door)), { recursive: true });
    writeFileSync(join(DIST, door), `export * from '${path}';\n`);
  }
}

function fail(why: string): void {
  console.error(why);
  process.exitCode = 1;
}
