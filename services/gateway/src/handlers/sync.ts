import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** The client found a gap: everything after `from` is sent again. */
export function sync(connection: Connection, message: Upstream<'sync'>): undefined {
  chargeSync(connection);
  connection.mailbox.sync(message.from);
}

/**
 * Takes one of the connection's syncs per minute, or throws `RATE_LIMITED`: a few bytes from a client make delivery
 * read a page.
 */
export function chargeSync({ rates, context }: Connection): void {
  const retryAfterMs = rates.take('syncs', context.clock.monotonicMs());
  if (retryAfterMs > 0)
    throw new ProtocolError('RATE_LIMITED', { scope: 'syncs', retry_after_ms: retryAfterMs });
}
