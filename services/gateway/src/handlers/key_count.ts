import type { Upstream } from '@securechat/protocol';
import type { KeyCounts } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';
import { takeLookup } from './take-lookup.ts';

/** Asks auth how many key packages this device has left. */
export async function keyCount(connection: Connection, message: Upstream<'key_count'>): Promise<void> {
  takeLookup(connection, message);
  const { device } = sessionOf(connection);
  const reference_id = message.id;
  const answer = await answerInTime(
    connection,
    message,
    connection.context.requests.askAuth('key_count', { device }),
  );
  if (answer !== undefined) connection.send('key_count', { type: 'key_count', ref: reference_id, ...answer });
}

/** Sent unasked when the device should upload more. */
export function warnOfLowKeys(connection: Connection, keys: KeyCounts | undefined): void {
  if (keys === undefined) return;
  if (keys.count >= keys.low_water && keys.last_resort) return;
  const { count, last_resort, low_water } = keys;
  connection.send('key_count', { type: 'key_count', count, last_resort, low_water });
}
