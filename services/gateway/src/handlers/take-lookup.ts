import { ProtocolError } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

const scopes = { lookups: 'lookups', keyLogs: 'key_log' } as const;

/** Takes one of a connection's lookups. Throws `RATE_LIMITED` when there were too many. */
export function takeLookup(
  connection: Connection,
  { id: reference_id }: { id: string },
  rate: keyof typeof scopes = 'lookups',
): void {
  const retry_after_ms = connection.rates.take(rate, connection.context.clock.monotonicMs());
  if (retry_after_ms > 0)
    throw new ProtocolError('RATE_LIMITED', { scope: scopes[rate], retry_after_ms, reference_id });
}
