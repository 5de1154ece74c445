import type { HistoryEvent } from '../history.ts';

const WINDOW_MS = 60_000;

type Stay = { sentMs: number; ackedMs: number };

/**
 * I13: no window of 60 s contains more accepted messages of one user than the limit. The server counted a message some time between its
 * sending and its ack, so it counts where both are in the window.
 */
export function* messagesOverLimit(
  events: readonly (HistoryEvent & { at_ms?: number })[],
  limit: number,
): Iterable<string> {
  for (const [user, stays] of acceptedByUser(events)) {
    const worst = mostInAWindow(stays);
    if (worst > limit) yield `${user} had ${worst} messages accepted within 60 s, with a limit of ${limit}`;
  }
}

function acceptedByUser(events: readonly (HistoryEvent & { at_ms?: number })[]): Map<string, Stay[]> {
  const sentMs = new Map<string, number>();
  const byUser = new Map<string, Stay[]>();
  for (const event of events) {
    if (event.type !== 'send' || event.at_ms === undefined) continue;
    const name = `${event.device}/${event.id}`;
    const sent = sentMs.get(name);
    if (event.phase === 'invoke') sentMs.set(name, event.at_ms);
    if (event.phase !== 'ok' || sent === undefined) continue;
    sentMs.delete(name);
    const user = event.device.slice(0, event.device.indexOf(':'));
    const stays = byUser.get(user) ?? [];
    stays.push({ sentMs: sent, ackedMs: event.at_ms });
    byUser.set(user, stays);
  }
  return byUser;
}

/** From the last window to the first: start and end only move back, so a message that has left never returns. */
function mostInAWindow(stays: readonly Stay[]): number {
  const bySent = stays.toSorted((one, other) => other.sentMs - one.sentMs);
  const byAcked = stays.toSorted((one, other) => other.ackedMs - one.ackedMs);
  const inside = new Set<Stay>();
  const left = new Set<Stay>();
  let next = 0;
  let most = 0;
  for (const stay of bySent) {
    inside.add(stay);
    for (let late = byAcked[next]; late && late.ackedMs >= stay.sentMs + WINDOW_MS; late = byAcked[++next]) {
      left.add(late);
      inside.delete(late);
    }
    if (left.has(stay)) inside.delete(stay);
    most = Math.max(most, inside.size);
  }
  return most;
}
