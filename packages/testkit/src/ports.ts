import { isPortFree } from '@securechat/embedded';

/** Below the range from which systems take the ports of outgoing connections, so none of those gets in the way. */
const FIRST_PORT = 15_000;
const LAST_PORT = 30_000;

const given = new Set<number>();

/**
 * A loopback port for a server that may be stopped and started on it again. Random, because several test
 * processes look at the same time; never the same twice in one process.
 */
export async function unusedPort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    if (given.has(port)) continue;
    given.add(port);
    if (await isPortFree(port)) return port;
  }
}
