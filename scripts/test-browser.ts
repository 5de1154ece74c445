// npm run test:browser [-- part of a path ...]: *.web.test.ts inside Chromium, the same files that jest runs on Node, and
// *.browser.test.ts, which drive Chromium from outside. Counts like npm test.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { findChromium, launchChromium, runInPage } from '@securechat/testkit/browser';
import { type Outcome, runJest } from './testing/jest-run.ts';
import { startTestServers } from './testing/servers.ts';
import { ROOT } from './tools.ts';

const say = (line: string): void => console.log(`[browser] ${line}`);
const wanted = process.argv.slice(2);
const find = (suffix: string): string[] =>
  globSync(`{packages,apps,tests}/**/*${suffix}`, {
    cwd: ROOT,
    exclude: (name) => name.endsWith('node_modules'),
  })
    .filter((file) => wanted.length === 0 || wanted.some((part) => file.includes(part)))
    .sort();

async function runInside(): Promise<Outcome> {
  const total: Outcome = { passed: 0, failed: 0 };
  const browser = await launchChromium();
  say(`Chromium ${browser.version()}`);
  try {
    for (const file of find('.web.test.ts')) {
      const results = await runInPage(browser, join(ROOT, file), say);
      const failures = results.filter(({ failure }) => failure !== undefined);
      console.log(`${failures.length === 0 && results.length > 0 ? 'PASS' : 'FAIL'} ${file}`);
      for (const { title, failure } of failures) console.error(`\n  ● ${title}\n\n${failure}\n`);
      total.passed += results.length - failures.length;
      total.failed += results.length === 0 ? 1 : failures.length;
    }
  } finally {
    await browser.close();
  }
  return total;
}

async function runAround(): Promise<Outcome> {
  const files = find('.browser.test.ts');
  if (files.length === 0) return { passed: 0, failed: 0 };
  const servers = await startTestServers(say);
  try {
    // one at a time: each has its own browser
    const args = ['--runTestsByPath', ...files, '--maxWorkers=1'];
    return await runJest(args, { ...servers.env, TEST_BROWSER: '1' }, new AbortController().signal);
  } finally {
    await servers.stop();
  }
}

async function main(): Promise<Outcome> {
  findChromium();
  const inside = await runInside();
  const around = await runAround();
  return { passed: inside.passed + around.passed, failed: inside.failed + around.failed };
}

const { passed, failed } = await main().catch((error: Error): Outcome => {
  console.error(error.message);
  return { passed: 0, failed: 1 };
});
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
