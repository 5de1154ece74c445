import { sha256 } from '@securechat/crypto/sign';
import { decodeBase64, groupOpTranscript, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { admit, checkSignature, originOf } from './admit.ts';

/** Checks what needs no database and passes the creation on to delivery. Counts as a message of its sender. */
export function groupCreate(
  connection: Connection,
  message: Upstream<'group_create'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  return admit(connection, message, (session) => passOn(connection, session, message, payload));
}

function passOn(
  connection: Connection,
  session: Session,
  message: Upstream<'group_create'>,
  payload: Uint8Array,
): void {
  const hash = checkSignature(session, message, () => {
    const welcomeSha256 = sha256(decodeBase64(message.welcome)).toString('base64');
    return groupOpTranscript(message, { welcomeSha256 });
  });
  connection.context.ingress.pass(connection, {
    head: {
      type: 'group_create',
      ...originOf(connection, session),
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
