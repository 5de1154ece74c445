import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContext } from 'playwright-core';
import { bundleForBrowser } from './bundle.ts';
import type { Result, Runner } from './in-page/suite.ts';
import { type Folders, servePages } from './page-server.ts';

/** Each test has its own limit; this one is for a page that does not load, or whose thread never yields. */
const DEADLINE_MS = 300_000;

/** Runs a test file in a separate page with separate storage. Other output of the page goes to `say`. */
export async function runInPage(
  browser: Browser,
  file: string,
  say: (line: string) => void,
  deadlineMs = DEADLINE_MS,
): Promise<Result[]> {
  const server = await servePages({ 'test.js': await bundleForBrowser(file) }, vectorsFor(file));
  const context = await browser.newContext();
  let reached = 'a new page';
  const late = Promise.withResolvers<Result[]>();
  const timer = setTimeout(() => {
    const failure = `the page was not done within ${deadlineMs / 1000} s, and had come to: ${reached}`;
    late.resolve([{ title: 'the file', failure }]);
  }, deadlineMs);
  try {
    const run = runTests(context, server.origin, say, (what) => {
      reached = what;
    });
    return await Promise.race([run, late.promise]);
  } finally {
    clearTimeout(timer);
    await context.close();
    await server.stop();
  }
}

async function runTests(
  context: BrowserContext,
  origin: string,
  say: (line: string) => void,
  reach: (what: string) => void,
): Promise<Result[]> {
  const page = await context.newPage();
  page.on('console', (message) => say(message.text()));
  const broken = new Promise<Result[]>((resolve) => {
    page.on('pageerror', (error) => resolve(brokenFile(error)));
  });
  await page.exposeFunction('reach', reach);
  reach(origin);
  await page.goto(origin);
  reach('the module');
  const run = page
    .evaluate(async (module) => {
      await import(module);
      return (globalThis as unknown as Runner).runTests();
    }, '/test.js')
    .catch(brokenFile);
  return Promise.race([run, broken]);
}

const brokenFile = (error: Error): Result[] => [{ title: 'the file', failure: error.stack ?? error.message }];

/** The vectors of the file's package, and the complete sets if their folder is given. */
function vectorsFor(file: string): Folders {
  let root = dirname(file);
  while (!existsSync(join(root, 'package.json'))) root = dirname(root);
  return {
    '/vectors/small': join(root, 'vectors'),
    '/vectors/everything': process.env.SECURECHAT_VECTORS_DIR,
  };
}
