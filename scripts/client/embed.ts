import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { minified } from './bundle.ts';

const APP = `
import { openIndexedDbStore, SecureChat } from '@securechat/client';
const client = await SecureChat.open({ store: await openIndexedDbStore('app') });
client.connect();
`;

/** Size after gzip of what a page loads at first if its own build bundles the published files. */
export async function embeddedSize(dist: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-embed-'));
  try {
    writeFileSync(join(folder, 'app.js'), APP);
    const { metafile, outputFiles } = await build({
      absWorkingDir: folder,
      entryPoints: [join(folder, 'app.js')],
      outdir: join(folder, 'page'),
      alias: { '@securechat/client': join(dist, 'index.js') },
      ...{ bundle: true, splitting: true, format: 'esm', platform: 'browser', target: 'es2022' },
      ...{ metafile: true, write: false, legalComments: 'none', logLevel: 'warning' },
      logOverride: { 'ignored-bare-import': 'silent' },
    });
    const loaded = new Set(['page/app.js']);
    for (const file of loaded)
      for (const { path, kind } of metafile.outputs[file]?.imports ?? [])
        if (kind === 'import-statement') loaded.add(path);
    const codes = outputFiles.filter(({ path }) => [...loaded].some((file) => path.endsWith(file)));
    const small = await Promise.all(codes.map(({ text }) => minified(text)));
    return small.reduce((sum, { code }) => sum + gzipSync(code, { level: 9 }).length, 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
