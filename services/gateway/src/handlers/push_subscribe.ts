import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';
import { takeLookup } from './take-lookup.ts';

/** Sets where this device gets its wake-ups, or asks for the current setting. */
export async function pushSubscribe(
  connection: Connection,
  message: Upstream<'push_subscribe'>,
): Promise<void> {
  const { id: reference_id, web_push, bridge } = message;
  if (web_push && bridge)
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/bridge', reference_id });
  takeLookup(connection, message);
  const { device } = sessionOf(connection);
  const asked = connection.context.requests.askPush('subscribe', { device, web_push, bridge });
  const answer = await answerInTime(connection, message, asked);
  if (answer === undefined) return;
  if (!answer.ok) throw new ProtocolError(answer.error, { ...answer.detail, reference_id });
  const { subscribed, vapid_public_key, has_bridge } = answer;
  connection.send('push_subscribe', {
    type: 'push_subscribe',
    ref: reference_id,
    subscribed,
    vapid_public_key,
    has_bridge,
  });
}
