// How the SDK becomes the files that are published; what tries these files makes its own in the same way.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Output, transform } from '@swc/core';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { ROOT } from '../tools.ts';
import { leaveOutUnused, oneCore } from './lean.ts';

export const CLIENT = join(ROOT, 'packages/client');

export type Bundle = Pick<BuildOptions, 'alias' | 'platform'> & {
  /** By the name of what is made. The first one is what an app loads at once. */
  entries: Readonly<Record<string, string>>;
  folder: string;
  loaders?: readonly Plugin[];
};

/** Writes the files and their maps. */
export async function bundle({ entries, folder, loaders = [], ...more }: Bundle): Promise<Metafile> {
  const options = {
    absWorkingDir: ROOT,
    entryPoints: { ...entries },
    outdir: folder,
    // one build for browsers and Node, so that a class is the same one behind every door
    platform: 'browser',
    external: ['node:*', 'node-datachannel'],
    target: ['es2022', 'chrome137', 'firefox130', 'safari17', 'node24'],
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    metafile: true,
    sourcemap: 'linked',
    write: false,
    // the libraries' licences stand beside the files
    legalComments: 'none',
    logLevel: 'warning',
    // what `oneCore` writes has no other effect than the one it wants
    logOverride: { 'ignored-bare-import': 'silent' },
    plugins: [...loaders, leaveOutUnused(), oneCore(Object.values(entries)[0] ?? '')],
    ...more,
  } satisfies BuildOptions;
  const { metafile, outputFiles } = await build(options);
  const texts = new Map(outputFiles.map(({ path, text }) => [path, text]));
  for (const [path, text] of texts) {
    mkdirSync(dirname(path), { recursive: true });
    if (path.endsWith('.js')) await writeSmaller(path, text, texts.get(`${path}.map`) ?? '');
  }
  return metafile;
}

async function writeSmaller(path: string, text: string, map: string): Promise<void> {
  const { code, map: newMap = '' } = await minified(
    text.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'),
    map,
  );
  writeFileSync(path, `${code}\n//# sourceMappingURL=${basename(path)}.map\n`);
  writeFileSync(`${path}.map`, newMap);
}

/** By another tool than the bundler, whose own names for things compress 4 % worse. */
export function minified(text: string, map?: string): Promise<Output> {
  return transform(text, {
    isModule: true,
    minify: true,
    sourceMaps: map !== undefined,
    ...(map === undefined ? {} : { inputSourceMap: map }),
    jsc: {
      target: 'esnext',
      minify: { compress: { toplevel: true, passes: 3 }, mangle: { toplevel: true } },
    },
  });
}
