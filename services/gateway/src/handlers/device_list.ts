import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';

/** Asks auth for somebody's newest device list. */
export async function deviceList(connection: Connection, message: Upstream<'device_list'>): Promise<void> {
  const { clock, requests } = connection.context;
  const retryAfterMs = connection.lookups.take(clock.monotonicMs());
  const reference_id = message.id;
  if (retryAfterMs > 0) {
    throw new ProtocolError('RATE_LIMITED', { scope: 'lookups', retry_after_ms: retryAfterMs, reference_id });
  }
  const asked = requests.askAuth('device_list', { user_id: message.user_id });
  const answer = await answerInTime(connection, message, asked);
  if (answer === undefined) return;
  if (answer.list === null) connection.sendError('USER_NOT_FOUND', { reference_id });
  else connection.send('device_list', { type: 'device_list', ref: message.id, ...answer.list });
}
