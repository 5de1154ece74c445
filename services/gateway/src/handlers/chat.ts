import { transcript, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { admit, checkSignature, originOf } from './admit.ts';

/** Makes every check of a message that needs no database, and passes it on to delivery. */
export function chat(
  connection: Connection,
  message: Upstream<'chat'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  return admit(connection, message, 'message', (session) => passOn(connection, session, message, payload));
}

function passOn(
  connection: Connection,
  session: Session,
  message: Upstream<'chat'>,
  payload: Uint8Array,
): void {
  const hash = checkSignature(session, message, () => transcript('envelope', message));
  connection.context.ingress.pass(connection, {
    head: {
      type: 'chat',
      ...originOf(connection, session),
      id: message.id,
      hash,
      conversation: message.conversation_id,
      client_seq: message.client_seq,
      epoch: message.epoch,
      generation: message.generation,
      knows_commits: true,
      to: message.to,
      expires_at: message.metadata?.expires_at,
    },
    body: payload,
  });
}
