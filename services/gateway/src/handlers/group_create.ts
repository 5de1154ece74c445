import { sha256 } from '@securechat/crypto/sign';
import { decodeBase64, groupOpTranscript, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { chargeMessage, checkSender, checkSignature } from './admit.ts';
import { sessionOf } from './session-of.ts';

/** Checks what needs no database and passes the creation on to delivery. Counts as a message of its sender. */
export function groupCreate(
  connection: Connection,
  message: Upstream<'group_create'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  const session = sessionOf(connection);
  checkSender(connection, session, message);
  const charged = chargeMessage(connection, session, message);
  if (charged !== undefined) return charged.then(() => passOn(connection, session, message, payload));
  passOn(connection, session, message, payload);
  return undefined;
}

function passOn(
  connection: Connection,
  session: Session,
  message: Upstream<'group_create'>,
  payload: Uint8Array,
): void {
  const welcomeSha256 = sha256(decodeBase64(message.welcome)).toString('base64');
  const hash = checkSignature(session, message, () => groupOpTranscript(message, { welcomeSha256 }));
  connection.context.ingress.pass(connection, {
    head: {
      type: 'group_create',
      gateway: connection.context.gatewayId,
      connection: connection.number,
      user: session.user,
      device: session.device,
      at: connection.context.clock.now(),
      id: message.id,
      hash,
      conversation: message.conversation_id,
      generation: message.generation,
      epoch: message.epoch,
      members: message.members,
      added_devices: message.added_devices,
      welcome_to: message.welcome_to,
    },
    body: payload,
  });
}
