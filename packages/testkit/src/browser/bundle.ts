import { join } from 'node:path';
import { build } from 'esbuild';

/** Bundles a file and all its imports as one browser module. Test files get their jest from the page. */
export async function bundleForBrowser(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    sourcemap: 'inline',
    alias: { '@jest/globals': join(import.meta.dirname, 'in-page/jest-globals.ts') },
    logLevel: 'silent',
  });
  return outputFiles[0]?.text ?? '';
}
