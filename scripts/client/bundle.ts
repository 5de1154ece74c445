// How the SDK becomes the published files; tests of these files build theirs in the same way.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Output, transform } from '@swc/core';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import { ROOT } from '../tools.ts';
import { leaveOutUnused, oneCore } from './lean.ts';

export const CLIENT = join(ROOT, 'packages/client');

export type Bundle = Pick<BuildOptions, 'alias' | 'platform'> & {
  /** By output name. The first one is what an app loads at once. */
  entries: Readonly<Record<string, string>>;
  folder: string;
  loaders?: readonly Plugin[];
};

/** Writes the files and their source maps. */
export async function bundle({ entries, folder, loaders = [], ...more }: Bundle): Promise<Metafile> {
  const options = {
    absWorkingDir: ROOT,
    entryPoints: { ...entries },
    outdir: folder,
    // one build for browsers and Node, so that a class is identical through every entry point
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
    // the libraries' licences are in a file of their own
    legalComments: 'none',
    logLevel: 'warning',
    // the imports written by `oneCore` have only the intended effect
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

/** Minifies with a separate tool, because the bundler's identifiers compress 4 % worse. */
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
