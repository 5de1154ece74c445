import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';

/** Asks auth for short-lived TURN credentials. */
export async function turnCredentials(
  connection: Connection,
  message: Upstream<'turn_credentials'>,
): Promise<void> {
  const { user } = sessionOf(connection);
  const { id: ref } = message;
  const answer = await answerInTime(
    connection,
    message,
    connection.context.requests.askAuth('turn', { user }),
  );
  if (answer === undefined) return;
  if (!answer.ok) throw new ProtocolError(answer.error, { ...answer.detail, reference_id: ref });
  const { urls, username, password, expires_at } = answer;
  connection.send('turn_credentials', {
    type: 'turn_credentials',
    ref,
    urls,
    username,
    password,
    expires_at,
  });
}
