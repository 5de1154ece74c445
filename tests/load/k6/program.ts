import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@securechat/testkit';
import { build } from 'esbuild';
import type { LoadData, Thresholds } from '../plan.ts';

const LEAST_MAJOR = 2;
const REMEDY = `These scenarios run in k6 ${LEAST_MAJOR}.x, which is not on the PATH. Get it from https://grafana.com/docs/k6/latest/set-up/install-k6/,
or with Go 1.26: go install go.k6.io/k6/v2@v2.2.0. The scenarios logins and tcp do without.`;

/** Throws with the remedy when there is none that will do. */
export function findK6(): void {
  const { stdout } = spawnSync('k6', ['version'], { encoding: 'utf8' });
  const major = Number(/^k6 v(\d+)\./.exec(stdout ?? '')?.[1]);
  if (!(major >= LEAST_MAJOR)) throw new K6Missing(REMEDY);
}

export class K6Missing extends Error {}

/** Resolves with k6's exit code: 0, or 99 when a threshold was crossed. */
export async function runK6(folder: string, data: LoadData, thresholds: Thresholds): Promise<number> {
  const script = join(folder, 'script.js');
  await build({
    entryPoints: [join(ROOT, 'tests/load/k6/main.ts')],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['k6', 'k6/*'],
    outfile: script,
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ seconds: data.seconds }));
  for (const [index, part] of data.parts.entries())
    writeFileSync(join(folder, `part-${index}.json`), JSON.stringify(part), { mode: 0o600 });
  const child = spawn('k6', ['run', '--address', '', script], {
    stdio: 'inherit',
    env: {
      ...process.env,
      K6_NO_USAGE_REPORT: 'true',
      K6_AUTO_EXTENSION_RESOLUTION: 'false',
      LOAD_FOLDER: folder,
      LOAD_OPTIONS: JSON.stringify({ thresholds, counts: data.parts.map(({ length }) => length) }),
    },
  });
  return await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });
}
