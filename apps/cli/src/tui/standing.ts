import type { Client, Conversation, Presence } from '@securechat/client';
import { clock } from '../words.ts';

/** As many as can be watched at once; those one has talked to last. */
const MOST_WATCHED = 200;

export function peersOf(client: Client): string[] {
  return client
    .conversations()
    .flatMap(({ peer, isRequest, isBlocked }) => (peer && !isRequest && !isBlocked ? [peer] : []))
    .slice(0, MOST_WATCHED);
}

/** Who writes, or else how the other one of two is. */
export function standingOf(presence: Presence, { id, peer }: Conversation): string {
  const typists = presence.typists(id);
  if (typists.length > 0) return peer ? 'is writing …' : `${typists.join(', ')} writing …`;
  if (!peer) return '';
  const { status, lastSeenMs } = presence.of(peer);
  if (status !== 'offline') return status;
  return lastSeenMs === undefined
    ? ''
    : `last seen ${new Date(lastSeenMs).toLocaleDateString()} ${clock(lastSeenMs)}`;
}
