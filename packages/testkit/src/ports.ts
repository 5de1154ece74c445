import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree } from '@securechat/embedded';

/** Below the range of ephemeral ports for outgoing connections, so that none of those interferes. */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

/** Seconds pass between finding a free port and starting its server; whoever else looks for one meanwhile would find it free too. */
const RESERVED_MS = 180_000;
/** A file for each port that was given out lately, to any process of this user. */
const FOLDER = join(tmpdir(), `securechat-test-ports-${process.getuid?.() ?? 'any'}`);

/**
 * A loopback port for a server that may be stopped and restarted on it: a random one that no process on this machine was given in the
 * last three minutes. Throws when none is free.
 */
export async function unusedPort(): Promise<number> {
  mkdirSync(FOLDER, { recursive: true });
  for (let attempt = 0; attempt < 2 * (LAST_PORT - FIRST_PORT); attempt++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (reserve(port) && (await isPortFree(port))) return port;
  }
  throw new Error(`Of the ports from ${FIRST_PORT} to ${LAST_PORT} all are taken, or were lately.`);
}

function reserve(port: number): boolean {
  const file = join(FOLDER, String(port));
  const reservedAtMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (reservedAtMs !== undefined) {
    if (Date.now() - reservedAtMs < RESERVED_MS) return false;
    rmSync(file, { force: true });
  }
  try {
    // fails when another process was quicker
    writeFileSync(file, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
