import { groupOpTranscript, type Upstream } from '@securechat/protocol';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { admit, checkSignature, originOf } from './admit.ts';
import { hashesOf } from './pass-operation.ts';

/**
 * Makes the checks that need no database and passes the creation on to delivery. Counts as a group operation of its
 * sender, and unless it restarts a conversation, as a new one.
 */
export function groupCreate(
  connection: Connection,
  message: Upstream<'group_create'>,
  payload: Uint8Array,
): Promise<void> | undefined {
  const as = message.replaces === undefined ? 'conversation' : 'group_operation';
  return admit(connection, message, as, (session) => passOn(connection, session, message, payload));
}

function passOn(
  connection: Connection,
  session: Session,
  message: Upstream<'group_create'>,
  payload: Uint8Array,
): void {
  const hash = checkSignature(session, message, () => groupOpTranscript(message, hashesOf(message)));
  connection.context.ingress.pass(connection, {
    head: {
      type: 'group_create',
      ...originOf(connection, session),
      id: message.id,
      hash,
      conversation: message.conversation_id,
      generation: message.generation,
      epoch: message.epoch,
      kind: message.kind,
      members: message.members,
      added_devices: message.added_devices,
      welcome_to: message.welcome_to,
      replaces: message.replaces,
      previous_sha256: message.previous_sha256,
    },
    body: payload,
  });
}
