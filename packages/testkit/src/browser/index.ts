export { bundleForBrowser } from './bundle.ts';
export { CHROMIUM_FLAGS, findChromium, launchChromium } from './chromium.ts';
export type { Result } from './in-page/suite.ts';
export { type PageServer, servePages } from './page-server.ts';
export { runInPage } from './run-in-page.ts';
