import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ELSEWHERE = [
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const REMEDY =
  'No Chromium was found. Install it (Debian and Ubuntu: apt-get install -y --no-install-recommends chromium; ' +
  'macOS: brew install --cask chromium), or name the program in CHROMIUM.';

/** Nothing but what tests need: no reports, no updates, no other protocols. */
export const CHROMIUM_FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Chromium refuses to sandbox as root
  ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
];

/** Path of this machine's Chromium; throws instructions when there is none. */
export function findChromium(): string {
  const named = process.env.CHROMIUM;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const places = folders.flatMap((folder) => PROGRAMS.map((program) => join(folder, program)));
  const found = named ? [named].find(isProgram) : [...places, ...ELSEWHERE].find(isProgram);
  if (found === undefined) throw new Error(REMEDY);
  return found;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Headless. The caller closes it. */
export function launchChromium(moreFlags: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: [...CHROMIUM_FLAGS, ...moreFlags] });
}
