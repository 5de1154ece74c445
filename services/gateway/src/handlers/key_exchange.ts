import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';

/** Why keys of the other types are refused; never echoes what was sent. */
const REFUSED: Record<string, string> = {
  ephemeral: '/key_type: conversations change their keys by MLS commits',
  identity: '/key_type: identity keys change only by the device list',
};

/** Passes a device's key package to auth, which checks everything about it. */
export async function keyExchange(connection: Connection, message: Upstream<'key_exchange'>): Promise<void> {
  const { requests } = connection.context;
  const { user, device } = sessionOf(connection);
  const { id: reference_id, key_id, public_key, signature, key_package, last_resort = false } = message;
  const path = REFUSED[message.key_type];
  if (path !== undefined) throw new ProtocolError('KEY_TYPE_REFUSED', { path, reference_id });
  if (key_package === undefined)
    throw new ProtocolError('INVALID_MESSAGE_FORMAT', { path: '/key_package', reference_id });

  const question = { user, device, key_id, public_key, signature, key_package, last_resort };
  const answer = await answerInTime(connection, message, requests.askAuth('key_upload', question));
  if (answer === undefined) return;
  if (!answer.ok) throw new ProtocolError(answer.error, { ...answer.detail, reference_id });
  const { count, last_resort: has, low_water } = answer;
  connection.send('key_count', { type: 'key_count', ref: reference_id, count, last_resort: has, low_water });
}
