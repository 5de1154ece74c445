import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { until } from '@securechat/testkit';
import { bundleForBrowser, type PageServer, servePages } from '@securechat/testkit/browser';
import type { Page } from 'playwright-core';
import { type KillableChromium, startKillableChromium } from './testing/killable-chromium.ts';
import type { InPage } from './testing/page.ts';
import { countOf } from './testing/together.ts';

type Global = typeof globalThis & { inPage: InPage; told(round: number): Promise<void> };

let server: PageServer;
let profile: string;
let chromium: KillableChromium;

beforeAll(async () => {
  const page = await bundleForBrowser(join(import.meta.dirname, 'testing/page.ts'));
  server = await servePages({ 'page.js': page });
});
afterAll(() => server.stop());

beforeEach(async () => {
  profile = mkdtempSync(join(tmpdir(), 'securechat-profile-'));
  chromium = await startKillableChromium(profile);
});
afterEach(async () => {
  await chromium.kill();
  rmSync(profile, { recursive: true, maxRetries: 5 });
});

async function openTab(): Promise<Page> {
  const page = await chromium.context.newPage();
  await page.goto(server.origin);
  await page.addScriptTag({ url: '/page.js', type: 'module' });
  return page;
}

const openStore = (tab: Page): Promise<string> => tab.evaluate(() => (globalThis as Global).inPage.open());

test('a browser that is killed leaves each write whole or not at all, and nothing that it was told is lost', async () => {
  for (let kill = 0; kill < 3; kill++) {
    const writer = await openTab();
    let told = 0;
    await writer.exposeFunction('told', (round: number) => {
      told = round;
    });
    expect(await openStore(writer)).toBe('open');
    await writer.evaluate(() => {
      const { inPage, told: tell } = globalThis as Global;
      void inPage.writeForEver(tell);
    });
    await until('some writes are durable', () => told > 3);
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 100));
    await chromium.kill();

    chromium = await startKillableChromium(profile);
    const reader = await openTab();
    expect(await openStore(reader)).toBe('open');
    const { keys, rounds } = await reader.evaluate(() => (globalThis as Global).inPage.found());
    const [round = 0, ...others] = rounds;
    expect(others).toEqual([]);
    expect(round).toBeGreaterThanOrEqual(told);
    expect(keys).toHaveLength(countOf(round));
    await reader.evaluate(() => (globalThis as Global).inPage.close());
  }
}, 60_000);

test('of two tabs one has the store, and the other gets it when that one crashes', async () => {
  const [first, second] = [await openTab(), await openTab()];
  expect(await openStore(first)).toBe('open');
  expect(await openStore(second)).toBe('StoreInUse');
  // never resolves: the page is gone
  first.goto('chrome://crash').catch(() => undefined);
  await until('the other tab has it', async () => (await openStore(second)) === 'open');
});

test('a write that finds no room changes nothing, and says so', async () => {
  const tab = await openTab();
  expect(await openStore(tab)).toBe('open');
  const devTools = await chromium.context.newCDPSession(tab);
  await devTools.send('Storage.overrideQuotaForOrigin', { origin: server.origin, quotaSize: 500_000 });
  expect(await tab.evaluate(() => (globalThis as Global).inPage.write('together/a', 5_000_000))).toBe(
    'StoreFull',
  );
  const { keys } = await tab.evaluate(() => (globalThis as Global).inPage.found());
  expect(keys).toEqual(['together/a']);
});
