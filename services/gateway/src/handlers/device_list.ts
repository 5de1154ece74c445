import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';

/** Asks auth for somebody's newest device list. */
export async function deviceList(connection: Connection, message: Upstream<'device_list'>): Promise<void> {
  const { clock, requests } = connection.context;
  const retryAfterMs = connection.lookups.take(clock.monotonicMs());
  const reference_id = message.id;
  if (retryAfterMs > 0) {
    throw new ProtocolError('RATE_LIMITED', { scope: 'lookups', retry_after_ms: retryAfterMs, reference_id });
  }
  const answer = await requests.askAuth('device_list', { user_id: message.user_id }).catch(() => undefined);
  if (answer === undefined) {
    connection.sendError('NETWORK_TIMEOUT', { reference_id, retry_after_ms: 1_000 });
  } else if (answer.list === null) {
    connection.sendError('USER_NOT_FOUND', { reference_id });
  } else {
    connection.send('device_list', { type: 'device_list', ref: message.id, ...answer.list });
  }
}
