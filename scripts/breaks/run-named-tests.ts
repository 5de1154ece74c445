import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** `missing`: no test has that title, or its file did not load, so there is no result. */
export type Verdict = 'passed' | 'failed' | 'missing';

type Report = { testResults: { assertionResults: { title: string; status: string }[] }[] };

/** For each test. A broken system may hang; the report then shows that the test exceeded its own limits. */
const DEADLINE_MS = 180_000;
/** Those limits are wider in a browser, and a page has to be built first. */
const BROWSER_DEADLINE_MS = 420_000;
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** Runs the tests with these titles in one file. Resolves with the verdict on each title. */
export async function runNamedTests(
  root: string,
  file: string,
  titles: readonly string[],
  env: Record<string, string>,
): Promise<(title: string) => Verdict> {
  const report = join(root, 'breaks-report.json');
  rmSync(report, { force: true });
  const pattern = `(${titles.map(escapeForRegExp).join('|')})$`;
  const jest = [
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${report}`,
    '--forceExit',
  ];
  const inBrowser = file.endsWith('.browser.test.ts');
  const child = spawn(process.execPath, [...NODE_FLAGS, ...jest, '--runInBand', '-t', pattern, '--', file], {
    cwd: root,
    env: { ...process.env, ...env, ...(inBrowser ? { TEST_BROWSER: '1' } : {}) },
    stdio: 'ignore',
  });
  const deadlineMs = titles.length * (inBrowser ? BROWSER_DEADLINE_MS : DEADLINE_MS);
  const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
  await new Promise<void>((resolve) => child.once('close', () => resolve()));
  clearTimeout(timer);
  const results = existsSync(report) ? resultsIn(report) : [];
  return (title) => {
    const own = results.filter((result) => result.title === title && result.status !== 'pending');
    if (own.length === 0) return 'missing';
    return own.every((result) => result.status === 'passed') ? 'passed' : 'failed';
  };
}

function resultsIn(report: string) {
  return (JSON.parse(readFileSync(report, 'utf8')) as Report).testResults.flatMap(
    (file) => file.assertionResults,
  );
}

function escapeForRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
