import { ProtocolError } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** Takes one of a connection's presence messages; throws when there were too many. */
export function takeStatus({ rates, context }: Connection, reference_id?: string): void {
  const retry_after_ms = rates.take('statuses', context.clock.monotonicMs());
  if (retry_after_ms === 0) return;
  const reference = reference_id === undefined ? {} : { reference_id };
  throw new ProtocolError('RATE_LIMITED', { scope: 'presence', retry_after_ms, ...reference });
}
