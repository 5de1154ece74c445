import { isPortFree } from '@securechat/embedded';

/** Below the range of ephemeral ports for outgoing connections, so that none of those interferes. */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

/** Seconds pass between finding a free port and starting its server; another worker would find it free too. */
const WORKERS = 16;
const PORTS_PER_WORKER = Math.floor((LAST_PORT - FIRST_PORT) / WORKERS);
const worker = Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS;

/** By the time this many others were given out, its server has long started. */
const REMEMBERED = 300;
const given = new Set<number>();

/**
 * A loopback port for a server that may be stopped and restarted on it. Each worker of a test run has its own range; the port is random,
 * because other runs search at the same time, and none of the last 300 given to this process. Throws when none is free.
 */
export async function unusedPort(): Promise<number> {
  for (let attempt = 0; attempt < 10 * PORTS_PER_WORKER; attempt++) {
    const port = FIRST_PORT + worker * PORTS_PER_WORKER + Math.floor(Math.random() * PORTS_PER_WORKER);
    if (given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port)) {
      forgetOldest();
      return port;
    }
    given.delete(port);
  }
  throw new Error(`Of the ports from ${FIRST_PORT} to ${LAST_PORT} those of this worker are all taken.`);
}

function forgetOldest(): void {
  const [oldest] = given;
  if (given.size > REMEMBERED && oldest !== undefined) given.delete(oldest);
}
