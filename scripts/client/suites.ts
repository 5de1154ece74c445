// Runs the suites that need nothing but the language on the published files instead of the sources: bundled by the same steps as further
// parts of the same core, and run on Node, each in its own process.
import { globSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'esbuild';
import { ROOT, runNode } from '../tools.ts';
import { bundle, CLIENT } from './bundle.ts';

const FOLDER = join(ROOT, '.cache/suites');
const RUNNER = join(import.meta.dirname, 'run-suite.ts');

export type Outcome = { passed: number; failed: number };

export async function runSuites(): Promise<Outcome> {
  const files = globSync('packages/{client,crypto,protocol}/**/*.web.test.ts', {
    cwd: ROOT,
    exclude: (name) => name.endsWith('node_modules'),
  }).sort();
  const names = files.map((file) => file.replace(/\.ts$/, ''));
  rmSync(FOLDER, { recursive: true, force: true });
  await bundle({
    entries: {
      core: join(CLIENT, 'src/index.ts'),
      ...Object.fromEntries(names.map((name) => [name, join(ROOT, `${name}.ts`)])),
    },
    folder: FOLDER,
    platform: 'node',
    alias: {
      '@jest/globals': join(ROOT, 'packages/testkit/src/browser/in-page/jest-globals.ts'),
    },
    loaders: [asTheyStand],
  });
  const total: Outcome = { passed: 0, failed: 0 };
  const waiting = [...names];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const { status, output } = await runNode([RUNNER, join(FOLDER, `${name}.js`)], 'capture');
      const [, passed = '0', failed = '0'] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [];
      total.passed += Number(passed);
      total.failed += status === 0 ? 0 : Math.max(1, Number(failed));
      if (status !== 0) console.error(`FAIL ${name}\n${output}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return total;
}

const asTheyStand: Plugin = {
  name: 'as-they-stand',
  setup({ onLoad }) {
    // vectors are found beside their source, so a file in another folder would not find them
    onLoad({ filter: /\/(?:vector-files\.node|vectors\/read)\.ts$/, namespace: 'file' }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }));
    // their package is marked as side-effect free, but tests exist for their side effects
    onLoad({ filter: /\.web\.test\.ts$/, namespace: 'file' }, ({ path }) => ({
      contents: `${readFileSync(path, 'utf8')}\nexport const isRun = true;\n`,
      loader: 'ts',
    }));
  },
};
