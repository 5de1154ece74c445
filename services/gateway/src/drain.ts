import { type Logger, sleep } from '@securechat/kernel';
import type { Connection } from './connection/connection.ts';
import type { Hub } from './connection/hub.ts';

/** Clients are sent away in slices, many enough per second that each is small. */
const SLICE_MS = 100;
/** How long answers in flight may take to arrive. */
export const ANSWERS_MS = 5_000;
const LOOK_EVERY_MS = 50;

/** Tells the client its own random time to reconnect. */
export function announceRestart(connection: Connection, withinMs: number): void {
  connection.goAway('service_restart', Math.floor(Math.random() * withinMs));
}

/**
 * Sends all clients away over `withinMs`. Slice by slice, each client is told its own time to reconnect before the
 * next slice is told, so that reconnects to the other gateways are spread out and nobody is away for long. Each is
 * closed once it has its answers in flight, or has waited long enough for them.
 */
export async function sendAllAway(hub: Hub, withinMs: number, logger: Logger): Promise<void> {
  const all = [...hub.all()];
  logger.info({ connections: all.length }, 'sending clients away');
  const slices = Math.min(all.length, Math.max(1, Math.ceil(withinMs / SLICE_MS)));
  const everyMs = withinMs / slices;
  const leaving: Promise<void>[] = [];
  for (let n = 0; n < slices; n++) {
    if (n > 0) await sleep(everyMs);
    const from = Math.floor((n * all.length) / slices);
    const slice = all.slice(from, Math.floor(((n + 1) * all.length) / slices));
    for (const connection of slice) announceRestart(connection, everyMs);
    leaving.push(closeWhenAnswered(slice));
  }
  await Promise.all(leaving);
}

async function closeWhenAnswered(slice: readonly Connection[]): Promise<void> {
  const deadline = performance.now() + ANSWERS_MS;
  let left = slice;
  while (left.length > 0) {
    const isLate = performance.now() >= deadline;
    for (const connection of left) {
      if (isLate || !connection.intake.isOwedAnswers) connection.close('service_restart');
    }
    left = left.filter(({ state }) => state !== 'closing');
    if (left.length > 0) await sleep(LOOK_EVERY_MS);
  }
}
