import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { takeLookup } from './take-lookup.ts';

/** Asks auth for a user's newest device list. */
export async function deviceList(connection: Connection, message: Upstream<'device_list'>): Promise<void> {
  takeLookup(connection, message);
  const reference_id = message.id;
  const asked = connection.context.requests.askAuth('device_list', { user_id: message.user_id });
  const answer = await answerInTime(connection, message, asked);
  if (answer === undefined) return;
  if (answer.list === null) connection.sendError('USER_NOT_FOUND', { reference_id });
  else connection.send('device_list', { type: 'device_list', ref: message.id, ...answer.list });
}
