import { ProtocolError, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import { answerInTime } from './answer-in-time.ts';
import { takeLookup } from './take-lookup.ts';

/** Asks auth to prove that the log of device lists contains a list, or is append-only. */
export async function keyLogProof(connection: Connection, message: Upstream<'key_log_proof'>): Promise<void> {
  takeLookup(connection, message, 'keyLogs');
  const { id: ref, size, list, first } = message;
  const asked = connection.context.requests.askAuth('key_log_proof', { size, list, first });
  const answer = await answerInTime(connection, message, asked);
  if (answer === undefined) return;
  if (!answer.ok) throw new ProtocolError(answer.error, { ...answer.detail, reference_id: ref });
  const { position, hashes } = answer;
  const found = position === undefined ? {} : { position };
  connection.send('key_log_proof', { type: 'key_log_proof', ref, ...found, hashes });
}
