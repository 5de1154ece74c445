// node scripts/run.mjs apps/web/build.ts [FOLDER]: builds the page as static files (default apps/web/dist) and prints its size.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type BuildOptions, build } from 'esbuild';
import { DIST } from './server/dist.ts';
import { WORKER } from './src/push/place.ts';

const HERE = import.meta.dirname;

const ALIKE = {
  bundle: true,
  platform: 'browser',
  // the first versions with light-dark() for style sheets, 2024
  target: ['chrome123', 'firefox128', 'safari18'],
  minify: true,
  legalComments: 'none',
  write: false,
} satisfies BuildOptions;

/** Sizes in bytes of what a browser loads. */
export type BuiltFile = { name: string; bytes: number; gzipBytes: number };

/** Names of scripts and styles contain a hash of their content, so browsers may cache them for ever. */
export async function buildPage(folder = DIST): Promise<BuiltFile[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const page = await build({
    ...ALIKE,
    entryPoints: { app: join(HERE, 'src/main.tsx'), style: join(HERE, 'styles/all.css') },
    outdir: folder,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    splitting: true,
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
  });
  // one classic script, since Firefox supports no other workers of this kind; a fixed name, since browsers look there for updates
  const worker = await build({
    ...ALIKE,
    entryPoints: [join(HERE, 'src/push/worker.ts')],
    outfile: join(folder, WORKER),
    format: 'iife',
  });
  const files = [...page.outputFiles, ...worker.outputFiles].map(({ path, contents }) => ({
    name: basename(path),
    contents,
  }));
  const nameOf = (entry: string) => files.find(({ name }) => name.startsWith(`${entry}-`))?.name ?? '';
  const html = readFileSync(join(HERE, 'static/index.html'), 'utf8')
    .replace('{{style}}', nameOf('style'))
    .replace('{{script}}', nameOf('app'));
  const all = [
    ...files,
    { name: 'index.html', contents: Buffer.from(html) },
    { name: 'icon.svg', contents: readFileSync(join(HERE, 'static/icon.svg')) },
  ];
  for (const { name, contents } of all) writeFileSync(join(folder, name), contents);
  return all.map(({ name, contents }) => ({
    name,
    bytes: contents.length,
    gzipBytes: gzipSync(contents, { level: 9 }).length,
  }));
}

/** One line per file, and the total. */
function sizeReport(files: readonly BuiltFile[]): string {
  const kilobytes = (bytes: number) => `${(bytes / 1024).toFixed(1)} KB`.padStart(10);
  const sum = (bytes: (file: BuiltFile) => number) => files.reduce((total, file) => total + bytes(file), 0);
  const rows = [
    ...files,
    { name: 'all', bytes: sum((file) => file.bytes), gzipBytes: sum((file) => file.gzipBytes) },
  ];
  return rows
    .map(
      ({ name, bytes, gzipBytes }) =>
        `${name.padEnd(22)}${kilobytes(bytes)}${kilobytes(gzipBytes)} after gzip`,
    )
    .join('\n');
}

if (import.meta.main) console.log(sizeReport(await buildPage(process.argv[2])));
