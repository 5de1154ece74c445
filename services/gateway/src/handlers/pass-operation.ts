import { sha256 } from '@securechat/crypto/sign';
import {
  decodeBase64,
  type GroupOperationHashes,
  type GroupOperationName,
  groupOpTranscript,
  type Upstream,
} from '@securechat/protocol';
import type { GroupOperationRecord } from '@securechat/protocol/internal';
import type { Connection } from '../connection/connection.ts';
import type { Session } from '../connection/session.ts';
import { admit, type Charge, checkSignature, originOf } from './admit.ts';

type Operation = Upstream<GroupOperationRecord['type']>;
/** Fields that only some operations have. */
type Parts = Partial<
  Upstream<'group_member_add'> & Omit<Upstream<'group_update'>, 'type'> & { removed_devices: string[] }
>;

/** Makes every check of an operation that needs no database, and passes it on to delivery. */
export function passOperation(
  connection: Connection,
  message: Operation,
  payload: Uint8Array,
  as: Charge,
): Promise<void> | undefined {
  return admit(connection, message, as, (session) => passOn(connection, session, message, payload));
}

function passOn(connection: Connection, session: Session, message: Operation, payload: Uint8Array): void {
  let hashes: GroupOperationHashes = {};
  const hash = checkSignature(session, message, () => {
    hashes = hashesOf(message);
    return groupOpTranscript(message, hashes);
  });
  const parts: Omit<Parts, 'type'> = message;
  const { body, welcomeAt } = formsOf(message, hashes, payload);
  connection.context.ingress.pass(connection, {
    head: {
      type: message.type,
      ...originOf(connection, session),
      id: message.id,
      hash,
      conversation: message.conversation_id,
      generation: message.generation,
      epoch: message.epoch,
      previous_sha256: message.previous_sha256,
      targets: parts.targets ?? [],
      role: parts.role,
      ban: parts.ban,
      has_name: parts.name === undefined ? undefined : true,
      added_devices: parts.added_devices ?? [],
      removed_devices: parts.removed_devices ?? [],
      welcome_to: parts.welcome_to ?? [],
      welcome_at: welcomeAt,
    },
    body,
  });
}

/** The signed hashes of the bytes that an operation carries. */
export function hashesOf(message: Upstream<GroupOperationName>): GroupOperationHashes {
  const { commit, welcome, name } = message as Omit<Parts, 'type'>;
  return { commitSha256: hashOf(commit), welcomeSha256: hashOf(welcome), nameSha256: hashOf(name) };
}

const hashOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : sha256(decodeBase64(text)).toString('base64');

/**
 * An operation that adds devices is delivered in two forms: existing members need the commit, added devices the
 * welcome, and neither the other's part. The signature covers both by their hashes, so each form can be verified
 * alone. The second form follows the first, from `welcomeAt`.
 */
function formsOf(
  message: Operation,
  hashes: GroupOperationHashes,
  payload: Uint8Array,
): { body: Uint8Array; welcomeAt?: number } {
  if (!('welcome' in message)) return { body: payload };
  const { commit, welcome, ...rest } = message;
  const toMembers = Buffer.from(JSON.stringify({ ...rest, commit, welcome_sha256: hashes.welcomeSha256 }));
  const toAdded = Buffer.from(JSON.stringify({ ...rest, welcome, commit_sha256: hashes.commitSha256 }));
  return { body: Buffer.concat([toMembers, toAdded]), welcomeAt: toMembers.length };
}
