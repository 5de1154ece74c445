import { MAX_TYPING_SECONDS, ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { sessionOf } from './session-of.ts';

/**
 * Passes on that a user is typing, for at most five seconds from now. Clocks differ, so a time already past counts as
 * one second. Presence decides who may hear of it; while that is down nobody does, and the sender is not told.
 */
export function typing(connection: Connection, message: Upstream<'typing'>): undefined {
  const { clock, requests, logger } = connection.context;
  const { user, device, userId: user_id } = sessionOf(connection);
  const retry_after_ms = connection.rates.take('typings', clock.monotonicMs());
  if (retry_after_ms > 0) throw new ProtocolError('RATE_LIMITED', { scope: 'typing', retry_after_ms });
  const { chat_id: conversation, typing, expires_at } = message;
  const wanted = expires_at - Math.floor(clock.now() / 1000);
  const withinMs = 1000 * Math.min(MAX_TYPING_SECONDS, Math.max(1, wanted));
  const notice = { user, device, user_id, conversation, typing, within_ms: withinMs };
  requests
    .tellPresence('typing', notice, withinMs)
    .catch((err: unknown) => logger.debug({ err }, 'typing not passed on'));
}
