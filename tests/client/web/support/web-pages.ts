import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium } from '@securechat/testkit/browser';
import { buildPage } from '@securechat/web/build';
import { createStaticServer } from '@securechat/web/server';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Constellation } from '../../../support/constellation.ts';

/** Which pages the services let in. `localhost` is the same machine and another origin. */
export const LET_IN = 'http://127.0.0.1:*';

export type OpenOptions = BrowserContextOptions & {
  gateway?: number;
  host?: '127.0.0.1' | 'localhost';
  isExpectedToComplain?: boolean;
  /** Runs in each page before its own scripts. */
  initScript?: string;
};

export type WebPages = {
  /** A browser of its own for each person. Its page speaks to this gateway; default the first. */
  open(options?: OpenOptions): Promise<Page>;
  /** What went wrong in any of the pages, and whom they asked beside their server. */
  complaints(): readonly string[];
  stop(): Promise<void>;
};

/**
 * What a page says when its server is away, which some tests want; or when the machine's network changes under it, as when
 * containers start beside the tests: it asks again.
 */
const EXPECTED =
  /net::ERR_(?:CONNECTION_REFUSED|CONNECTION_RESET|NETWORK_CHANGED)|WebSocket connection to .* failed/;

/** The built page with one server for each gateway, and a Chromium. */
export async function startWebPages(
  constellation: Constellation,
  chromiumFlags: readonly string[] = [],
): Promise<WebPages> {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-page-'));
  await buildPage(folder);
  const [files] = constellation.files;
  const filesDoor = files === undefined ? {} : { files: files.url };
  const servers = await Promise.all(
    constellation.gateways.map(({ wsUrl }) =>
      serve(folder, { http: constellation.authUrl, socket: wsUrl, ...filesDoor }),
    ),
  );
  const browser: Browser = await launchChromium(chromiumFlags);
  const contexts: BrowserContext[] = [];
  const complaints: string[] = [];

  function listen(page: Page, own: readonly string[]): void {
    page.on('pageerror', (error) => complaints.push(error.stack ?? error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !EXPECTED.test(message.text())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      const { protocol, host } = new URL(request.url());
      if (protocol.startsWith('http') && !own.includes(host)) complaints.push(`asked ${request.url()}`);
    });
  }

  return {
    async open({
      gateway = 0,
      host = '127.0.0.1',
      isExpectedToComplain = false,
      initScript,
      ...options
    } = {}) {
      const { port } = (servers[gateway] as Server).address() as AddressInfo;
      const context = await browser.newContext({ viewport: { width: 1180, height: 780 }, ...options });
      contexts.push(context);
      if (initScript !== undefined) await context.addInitScript(initScript);
      const doors = [constellation.authUrl, ...constellation.files.map(({ url }) => url)];
      const own = [`${host}:${port}`, ...doors.map((url) => new URL(url).host)];
      if (!isExpectedToComplain) context.on('page', (page) => listen(page, own));
      const page = await context.newPage();
      await page.goto(`http://${host}:${port}/`);
      return page;
    },
    complaints: () => complaints,
    async stop() {
      await Promise.all(contexts.map((context) => context.close()));
      await browser.close();
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
        await once(server, 'close');
      }
      rmSync(folder, { recursive: true });
    },
  };
}

async function serve(folder: string, doors: Parameters<typeof createStaticServer>[1]): Promise<Server> {
  const server = createStaticServer(folder, doors).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
