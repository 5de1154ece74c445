import type { Client, Conversation, Presence } from '@securechat/client';
import { clock } from '../words.ts';

/** The maximum that can be watched; the most recent contacts. */
const MOST_WATCHED = 200;

export function peersOf(client: Client): string[] {
  return client
    .conversations()
    .flatMap(({ peer, isRequest, isBlocked }) => (peer && !isRequest && !isBlocked ? [peer] : []))
    .slice(0, MOST_WATCHED);
}

/** Who is typing, or else the status of the peer. */
export function standingOf(presence: Presence, { id, peer }: Conversation): string {
  const typists = presence.typists(id);
  if (typists.length > 0) return peer ? 'is typing …' : `${typists.join(', ')} typing …`;
  if (!peer) return '';
  const { status, lastSeenMs } = presence.of(peer);
  if (status !== 'offline') return status;
  return lastSeenMs === undefined
    ? ''
    : `last seen ${new Date(lastSeenMs).toLocaleDateString()} ${clock(lastSeenMs)}`;
}
