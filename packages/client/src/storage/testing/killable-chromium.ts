import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CHROMIUM_FLAGS, findChromium } from '@securechat/testkit/browser';
import { type BrowserContext, chromium } from 'playwright-core';

export type KillableChromium = {
  /** Its profile is the folder, so the next one finds what its pages stored. */
  readonly context: BrowserContext;
  /** Kills all its processes at once. */
  kill(): Promise<void>;
};

/** Until it prints its address, and again until it answers there. */
const START_MS = 20_000;

/** Chromium replaces its own start page while loading, and a client attached in between waits for ever for the page that is gone. */
const START_PAGE = 'about:blank';

export async function startKillableChromium(profile: string): Promise<KillableChromium> {
  const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, START_PAGE];
  // its own process group, to be killed as a whole
  const child = spawn(findChromium(), [...CHROMIUM_FLAGS, ...own], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const kill = async (): Promise<void> => {
    if (child.pid === undefined || child.signalCode !== null) return;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'exit');
  };
  try {
    const browser = await chromium.connectOverCDP(await addressOf(child), { timeout: START_MS });
    const [context] = browser.contexts();
    if (!context) throw new Error('Chromium came without a profile');
    return { context, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** Its address, found in its output. */
async function addressOf(child: ChildProcess): Promise<string> {
  let said = '';
  const signal = AbortSignal.timeout(START_MS);
  child.stderr?.setEncoding('utf8');
  while (child.stderr) {
    const [text] = await once(child.stderr, 'data', { signal });
    said += text;
    const [, address] = /DevTools listening on (ws:\S+)/.exec(said) ?? [];
    if (address !== undefined) {
      child.stderr.resume();
      return address;
    }
  }
  throw new Error('Chromium has no output');
}
