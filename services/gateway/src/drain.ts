import { type Logger, sleep } from '@securechat/kernel';
import type { Connection } from './connection/connection.ts';
import type { Hub } from './connection/hub.ts';

/** Answers that are on their way get this long to arrive. */
const ANSWERS_MS = 3_000;
const LOOK_EVERY_MS = 50;

/** The client is told a time of its own to come back. */
export function announceRestart(connection: Connection, withinMs: number): void {
  connection.goAway('service_restart', Math.floor(Math.random() * withinMs));
}

/**
 * Says goodbye to all clients: each is told a time of its own to come back, spread over `withinMs`, so that they do
 * not all knock at the other gateways in the same second. Then answers under way are waited for, then all are closed.
 */
export async function sendAllAway(hub: Hub, withinMs: number, logger: Logger): Promise<void> {
  logger.info({ connections: hub.size }, 'sending clients away');
  for (const connection of hub.all()) announceRestart(connection, withinMs);
  const deadline = performance.now() + ANSWERS_MS;
  while (performance.now() < deadline && [...hub.all()].some((connection) => connection.inFlight > 0)) {
    await sleep(LOOK_EVERY_MS);
  }
  for (const connection of hub.all()) connection.close('service_restart');
}
