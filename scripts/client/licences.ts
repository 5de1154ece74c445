import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Metafile } from 'esbuild';
import { ROOT } from '../tools.ts';

/** Writes the licences of bundled libraries, which must accompany the files. */
export function writeLicences({ outputs }: Metafile, folder: string): void {
  const packages = new Map<string, string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const input of Object.keys(inputs)) {
      const [place, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input) ?? [];
      if (place !== undefined && name !== undefined) packages.set(name, place);
    }
  }
  const texts = [...packages]
    .sort()
    .map(([name, place]) => `${name}\n\n${readFileSync(join(ROOT, place, 'LICENSE'), 'utf8').trim()}\n`);
  writeFileSync(join(folder, 'LICENCES.txt'), texts.join('\n\n'));
}
