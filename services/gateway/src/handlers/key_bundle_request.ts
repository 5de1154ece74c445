import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';

/** Asks auth for key packages of a user's devices. A repeated request gets the same answer. */
export async function keyBundleRequest(
  connection: Connection,
  message: Upstream<'key_bundle_request'>,
): Promise<void> {
  const { user, device } = sessionOf(connection);
  const { id, user_id, device_id } = message;
  const question = { user, device, id, user_id, device_id };
  const asked = connection.context.requests.askAuth('key_claim', question);
  const answer = await answerInTime(connection, message, asked);
  if (answer === undefined) return;
  if (!answer.ok) throw new ProtocolError(answer.error, { ...answer.detail, reference_id: id });
  connection.send('key_bundle', { type: 'key_bundle', ref: id, user_id, bundles: answer.bundles });
}
