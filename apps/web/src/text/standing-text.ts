import type { Presence, Status } from '@securechat/client';
import { shortTime } from './time.ts';

const WORDS: Record<Exclude<Status, 'offline'>, string> = { online: 'Online', away: 'Away', busy: 'Busy' };

/** The peer's status in a direct conversation; undefined when unknown. */
export function standingText(
  presence: Pick<Presence, 'of' | 'typists'>,
  conversationId: string,
  userId: string,
  nowMs: number,
): string | undefined {
  if (presence.typists(conversationId).includes(userId)) return 'typing…';
  const { status, lastSeenMs } = presence.of(userId);
  if (status !== 'offline') return WORDS[status];
  return lastSeenMs === undefined ? undefined : `last seen ${shortTime(lastSeenMs, nowMs)}`;
}
