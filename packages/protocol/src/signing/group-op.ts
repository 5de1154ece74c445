import type { Upstream } from '../catalog.ts';
import { transcript } from './transcript.ts';

/** The types that are operations on a conversation: signed under `group-op` and links of its log. */
export const groupOperationNames = [
  'group_create',
  'group_member_add',
  'group_member_remove',
  'group_leave',
  'group_update',
  'group_commit',
] as const;
export type GroupOperationName = (typeof groupOperationNames)[number];
export type GroupOperation = Upstream<GroupOperationName>;

type FieldsOf<O> = O extends unknown ? Omit<O, 'commit' | 'welcome' | 'signature'> : never;
/** An operation as sent or as delivered: the material itself may be missing, but its hash is not. */
export type GroupOperationFields = FieldsOf<GroupOperation>;

/**
 * Base64 of SHA-256 over the decoded bytes of what the operation carries. The caller hashes, because this package has
 * no cryptography. Absent material has no hash.
 */
export type GroupOperationHashes = {
  welcomeSha256?: string | undefined;
  commitSha256?: string | undefined;
  nameSha256?: string | undefined;
};

/** Fields that only some operations have. */
type Optional = Partial<
  Pick<Upstream<'group_create'>, 'members' | 'kind' | 'replaces' | 'added_devices' | 'welcome_to'> &
    Pick<Upstream<'group_update'>, 'targets' | 'role' | 'ban' | 'previous_sha256'> &
    Pick<Upstream<'group_commit'>, 'removed_devices'>
>;

/**
 * What a device signs for a group operation. Its SHA-256 is the head of the log, which the next operation names. The
 * commit's own authenticated data is the hash of the same transcript without `commitSha256` and `welcomeSha256`,
 * since both cover things that contain it.
 */
export function groupOpTranscript(
  operation: GroupOperationFields,
  hashes: GroupOperationHashes,
): Uint8Array<ArrayBuffer> {
  const fields: Optional = operation;
  return transcript('group-op', {
    id: operation.id,
    conversation_id: operation.conversation_id,
    generation: operation.generation,
    epoch: operation.epoch,
    operation: operation.type,
    from: operation.from,
    device_id: operation.device_id,
    targets: fields.members ?? fields.targets,
    role: fields.role,
    added_devices: fields.added_devices,
    removed_devices: fields.removed_devices,
    previous_sha256: fields.previous_sha256,
    welcome_sha256: hashes.welcomeSha256,
    name_sha256: hashes.nameSha256,
    timestamp: operation.timestamp,
    nonce: operation.nonce,
    kind: fields.kind,
    welcome_to: fields.welcome_to,
    commit_sha256: hashes.commitSha256,
    replaces_generation: fields.replaces?.generation,
    replaces_epoch: fields.replaces?.epoch,
    ban: fields.ban,
  });
}
