import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { KeyCounts } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';

/** Asks auth how many key packages this device has left. */
export async function keyCount(connection: Connection, message: Upstream<'key_count'>): Promise<void> {
  const { clock, requests } = connection.context;
  const { device } = sessionOf(connection);
  const reference_id = message.id;
  const retry_after_ms = connection.lookups.take(clock.monotonicMs());
  if (retry_after_ms > 0)
    throw new ProtocolError('RATE_LIMITED', { scope: 'lookups', retry_after_ms, reference_id });
  const answer = await answerInTime(connection, message, requests.askAuth('key_count', { device }));
  if (answer !== undefined) connection.send('key_count', { type: 'key_count', ref: reference_id, ...answer });
}

/** Unasked, when the device should upload. */
export function warnOfLowKeys(connection: Connection, keys: KeyCounts | undefined): void {
  if (keys === undefined) return;
  if (keys.count >= keys.low_water && keys.last_resort) return;
  const { count, last_resort, low_water } = keys;
  connection.send('key_count', { type: 'key_count', count, last_resort, low_water });
}
