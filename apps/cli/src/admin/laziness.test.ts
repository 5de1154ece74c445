import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';

test('who chats does not load what is for operators', async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, '../main.ts')],
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external' },
    ...{ metafile: true, write: false, outdir: 'out' },
  });
  const parts = Object.values(metafile.outputs);
  const isOperators = ({ inputs }: (typeof parts)[number]) =>
    Object.keys(inputs).some((file) => file.includes('src/admin/'));
  const main = parts.find(({ entryPoint }) => entryPoint?.endsWith('main.ts'));
  // its static imports are in its own bundle, or in a chunk that it imports at once
  const atOnce =
    main?.imports.filter(({ kind }) => kind === 'import-statement').map(({ path }) => path) ?? [];
  const loaded = parts.filter(
    (part) => part === main || atOnce.some((path) => metafile.outputs[path] === part),
  );
  expect(loaded.some(isOperators)).toBe(false);
  expect(parts.some(isOperators)).toBe(true);
});
