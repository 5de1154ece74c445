import { ProtocolError, transcript, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { chargeMessage, checkSender, checkSignature } from './admit.ts';
import { sessionOf } from './session-of.ts';

/** Checks everything about a message that needs no database, cheapest first, and passes it on to delivery. */
export function chat(
  connection: Connection,
  message: Upstream<'chat'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  const session = sessionOf(connection);
  checkSender(connection, session, message);
  if (!message.encrypted) throw new ProtocolError('ENCRYPTION_ERROR', { reference_id: message.id });
  const charged = chargeMessage(connection, session, message);
  if (charged !== undefined) return charged.then(() => passOn(connection, session, message, payload));
  passOn(connection, session, message, payload);
  return undefined;
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
      gateway: connection.context.gatewayId,
      connection: connection.number,
      user: session.user,
      device: session.device,
      at: connection.context.clock.now(),
      id: message.id,
      hash,
      conversation: message.conversation_id,
      client_seq: message.client_seq,
      epoch: message.epoch,
      to: message.to,
      expires_at: message.metadata?.expires_at,
    },
    body: payload,
  });
}
