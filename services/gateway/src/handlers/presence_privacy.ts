import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';
import { takeStatus } from './take-status.ts';

/** Sets who may see a user's presence, or asks for the current setting. */
export async function presencePrivacy(
  connection: Connection,
  message: Upstream<'presence_privacy'>,
): Promise<void> {
  takeStatus(connection, message.id);
  const { user } = sessionOf(connection);
  const { id: ref, status_to, last_seen } = message;
  const asked = connection.context.requests.askPresence('privacy', { user, status_to, last_seen });
  const answer = await answerInTime(connection, message, asked);
  if (answer) connection.send('presence_privacy', { type: 'presence_privacy', ref, ...answer });
}
