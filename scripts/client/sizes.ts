// Sizes of the published files after gzip: what an app loads before it can chat, and what it loads later on demand.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Metafile } from 'esbuild';
import { ROOT } from '../tools.ts';

/** Budget of what an app loads before it can chat: 80 KB of 1,024 bytes, as in apps/web/build.ts. */
export const CORE_BUDGET_BYTES = 80 * 1024;

/** Budgets of parts loaded on demand, by their source below packages/client/src. The table in docs/sdk.md says when they are loaded. */
export const PART_BUDGETS: Readonly<Record<string, number>> = {
  'account/enter.ts': 5_700,
  'account/linking.ts': 2_600,
  'runtime/newcomers.ts': 6_800,
  'runtime/device-names.ts': 1_400,
  'runtime/told.ts': 700,
  'runtime/dummies.ts': 700,
  'runtime/lost-race.ts': 500,
  'conversations/view/blocking.ts': 800,
  'conversations/view/add.ts': 600,
  'conversations/view/retry.ts': 1_100,
  'conversations/outgoing/undo.ts': 500,
  'conversations/contents/absent.ts': 1_000,
  'conversations/repair/answer.ts': 1_100,
  'conversations/repair/take.ts': 1_500,
  'conversations/incoming/truncation.ts': 600,
  'runtime/outside.ts': 1_500,
  'runtime/identities.ts': 2_400,
  'account/own-recovery-code.ts': 1_200,
  'history/index.ts': 4_300,
  'presence/presence.ts': 2_000,
  'storage/memory.ts': 1_000,
  'files/index.ts': 8_000,
  'direct/index.ts': 6_200,
  'group-links/index.ts': 3_500,
  'group-links/take.ts': 1_500,
  'key-log/watch.ts': 3_500,
  'push/index.ts': 1_200,
  'search/index.ts': 1_200,
};

export type Sizes = { core: number; parts: Record<string, number> };

/** Each part including everything it loads besides the core; what two parts share counts in both. */
export function sizesOf({ outputs }: Metafile): Sizes {
  const entry = Object.keys(outputs).find((file) => /(?:^|\/)index\.js$/.test(file) && !isPart(file)) ?? '';
  const core = closureOf(entry);
  const parts: Record<string, number> = {};
  for (const [file, { entryPoint = '' }] of Object.entries(outputs)) {
    const [, source] = /^part:.*packages\/client\/src\/(.*)$/.exec(entryPoint) ?? [];
    if (source !== undefined) parts[source] = sum([...closureOf(file)].filter((each) => !core.has(each)));
  }
  return { core: sum([...core]), parts };

  function isPart(file: string): boolean {
    return outputs[file]?.entryPoint?.startsWith('part:') ?? true;
  }

  function closureOf(first: string): Set<string> {
    const files = new Set([first]);
    for (const file of files) {
      for (const { path, kind, external } of outputs[file]?.imports ?? [])
        if (kind === 'import-statement' && !external) files.add(path);
    }
    return files;
  }
}

/** The packages in a build by size before gzip, largest first. */
export function heaviest({ outputs }: Metafile): [string, number][] {
  const bytesByPackage = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const name =
        /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? input.split('/').slice(0, 4).join('/');
      bytesByPackage.set(name, (bytesByPackage.get(name) ?? 0) + bytesInOutput);
    }
  }
  return [...bytesByPackage].sort(([, a], [, b]) => b - a).slice(0, 12);
}

const sum = (files: readonly string[]): number =>
  files.reduce((total, file) => total + gzipSync(readFileSync(join(ROOT, file)), { level: 9 }).length, 0);
