import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { sessionOf } from './session-of.ts';
import { takeLookup } from './take-lookup.ts';

/** This device no longer wants wake-ups. */
export async function pushUnsubscribe(
  connection: Connection,
  message: Upstream<'push_unsubscribe'>,
): Promise<void> {
  takeLookup(connection, message);
  const { device } = sessionOf(connection);
  const asked = connection.context.requests.askPush('unsubscribe', { device });
  const answer = await answerInTime(connection, message, asked);
  if (answer) connection.send('push_unsubscribe', { type: 'push_unsubscribe', ref: message.id });
}
