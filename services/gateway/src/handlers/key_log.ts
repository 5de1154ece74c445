import type { Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { takeLookup } from './take-lookup.ts';

/** Asks auth for the log of device lists from a position on. */
export async function keyLog(connection: Connection, message: Upstream<'key_log'>): Promise<void> {
  takeLookup(connection, message, 'keyLogs');
  const { id: ref, from } = message;
  const asked = connection.context.requests.askAuth('key_log', { from });
  const answer = await answerInTime(connection, message, asked);
  if (answer !== undefined) connection.send('key_log', { type: 'key_log', ref, ...answer });
}
