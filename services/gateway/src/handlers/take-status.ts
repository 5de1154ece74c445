import { ProtocolError } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** What a connection may say and ask of presence; throws when it was too much. */
export function takeStatus({ rates, context }: Connection, reference_id?: string): void {
  const retry_after_ms = rates.take('statuses', context.clock.monotonicMs());
  if (retry_after_ms === 0) return;
  const reference = reference_id === undefined ? {} : { reference_id };
  throw new ProtocolError('RATE_LIMITED', { scope: 'presence', retry_after_ms, ...reference });
}
