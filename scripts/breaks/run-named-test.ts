import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Watch } from './read-break.ts';

/** `missing`: no test has that title, or its file did not load, so there is no result. */
export type Verdict = 'passed' | 'failed' | 'missing';

type Report = { testResults: { assertionResults: { title: string; status: string }[] }[] };

/** A broken system may hang; the report then shows that the test exceeded its own limits. */
const DEADLINE_MS = 180_000;
/** Those limits are wider in a browser, and a page has to be built first. */
const BROWSER_DEADLINE_MS = 420_000;
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Runs one test, by its title in its file. */
export async function runNamedTest(
  root: string,
  test: Extract<Watch, { by: 'test' }>,
  env: Record<string, string>,
): Promise<Verdict> {
  const report = join(root, 'breaks-report.json');
  rmSync(report, { force: true });
  const pattern = `${escapeForRegExp(test.title)}$`;
  const jest = [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${report}`,
    '--forceExit',
  ];
  const inBrowser = test.file.endsWith('.browser.test.ts');
  const child = spawn(
    process.execPath,
    [...NODE_FLAGS, ...jest, '--runInBand', '-t', pattern, '--', test.file],
    {
      cwd: root,
      env: { ...process.env, ...env, ...(inBrowser ? { TEST_BROWSER: '1' } : {}) },
      stdio: 'ignore',
    },
  );
  const timer = setTimeout(() => child.kill('SIGKILL'), inBrowser ? BROWSER_DEADLINE_MS : DEADLINE_MS);
  await new Promise<void>((resolve) => child.once('close', () => resolve()));
  clearTimeout(timer);
  if (!existsSync(report)) return 'missing';
  const results = (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults
    .flatMap((file) => file.assertionResults)
    .filter((result) => result.title === test.title && result.status !== 'pending');
  if (results.length === 0) return 'missing';
  return results.every((result) => result.status === 'passed') ? 'passed' : 'failed';
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
