import { isPortFree } from '@securechat/embedded';

/** Below the range from which systems take the ports of outgoing connections, so none of those gets in the way. */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

/** Between a look and its server's start lie seconds, in which another worker of this run would find the port free too. */
const WORKERS = 16;
const PORTS_PER_WORKER = Math.floor((LAST_PORT - FIRST_PORT) / WORKERS);
const worker = Number(process.env.JEST_WORKER_ID ?? 0) % WORKERS;

/** A server has started long before so many others have looked. */
const REMEMBERED = 300;
const given = new Set<number>();

/**
 * A loopback port for a server that may be stopped and started on it again. Each worker of a test run has ports of its
 * own; random among them, because other runs look at the same time; none of the last 300 that this process was given.
 * Throws when none is free.
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
