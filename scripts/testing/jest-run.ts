// Runs jest and counts test cases from its report.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, toolPath } from '../tools.ts';

export type Outcome = { passed: number; failed: number };

type JestReport = {
  numPassedTests: number;
  numFailedTests: number;
  testResults: { status: string; assertionResults: { status: string }[] }[];
};

// The flag makes jest load ES modules; not in NODE_OPTIONS, which the tested processes inherit.
const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** After all tests, jest would wait for ever for a forgotten socket or timer. */
const END_GRACE_MS = 10_000;

export async function runJest(
  args: string[],
  env: Record<string, string>,
  stopping: AbortSignal,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-test-'));
  const reportFile = join(folder, 'report.json');
  try {
    const { status, hung } = await execute(args, env, reportFile, stopping);
    const outcome = existsSync(reportFile) ? count(reportFile) : { passed: 0, failed: 1 };
    if (hung) {
      console.error('A test left something open (a socket, timer or child): jest did not end by itself.');
      outcome.failed += 1;
    }
    if (status !== 0 && outcome.failed === 0) outcome.failed = 1;
    return outcome;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function execute(
  args: string[],
  env: Record<string, string>,
  reportFile: string,
  stopping: AbortSignal,
): Promise<{ status: number; hung: boolean }> {
  const jest = [...NODE_FLAGS, toolPath('jest', 'jest'), '--json', `--outputFile=${reportFile}`, ...args];
  const child = spawn(process.execPath, jest, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  stopping.addEventListener('abort', () => child.kill('SIGTERM'));

  let reportedAtMs: number | undefined;
  let hung = false;
  const watch = setInterval(() => {
    if (reportedAtMs === undefined && existsSync(reportFile)) reportedAtMs = Date.now();
    if (reportedAtMs === undefined || Date.now() - reportedAtMs < END_GRACE_MS) return;
    hung = true;
    child.kill('SIGKILL');
  }, 500);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject).once('exit', (code) => resolve(code ?? 1));
    });
    return { status, hung };
  } finally {
    clearInterval(watch);
  }
}

/** A file that did not load, or failed outside its tests, counts as one failed test. */
function count(reportFile: string): Outcome {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as JestReport;
  const brokenFiles = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((result) => result.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}
