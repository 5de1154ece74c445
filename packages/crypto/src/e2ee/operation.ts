import {
  decodeBase64,
  encodeBase64,
  type GroupOperationFields,
  type GroupOperationHashes,
  groupOpTranscript,
  isSame,
} from '@securechat/protocol';
import { sign, verify } from './ed25519.ts';
import type {
  Applied,
  DeviceRef,
  E2eeEngine,
  FindKeyPackage,
  GroupState,
  Leaf,
  OwnDevice,
} from './engine.ts';
import { E2eeError } from './errors.ts';
import { findLeaf } from './find-leaf.ts';
import { sha256 } from './sha256.ts';

/** An operation as sent or delivered. Commit and welcome are present in full or as hashes. */
export type Operation = GroupOperationFields & {
  commit?: string | undefined;
  commit_sha256?: string | undefined;
  welcome?: string | undefined;
  welcome_sha256?: string | undefined;
};
export type SignedOperation = Operation & { signature: string };

/**
 * The authenticated data of an operation's commit: the operation without the hashes of commit and welcome, which do not exist before the
 * commit. The operation's signature covers them.
 */
export async function operationBinding(operation: Operation): Promise<Uint8Array<ArrayBuffer>> {
  const { nameSha256 } = await hashesOf(operation);
  return sha256(groupOpTranscript(operation, { nameSha256 }));
}

/** Returns base64. Signs `operationTranscript`, whose SHA-256 is what the next operation refers to. */
export async function signOperation(own: OwnDevice, operation: Operation): Promise<string> {
  return encodeBase64(await sign(own.secretKey, await operationTranscript(operation)));
}

export async function operationTranscript(operation: Operation): Promise<Uint8Array<ArrayBuffer>> {
  return groupOpTranscript(operation, await hashesOf(operation));
}

/** Returns the author: a member of this state whose key signed it. Throws E2eeError `binding` otherwise. */
export async function verifyOperation(
  engine: E2eeEngine,
  state: GroupState,
  operation: SignedOperation,
): Promise<Leaf> {
  const { leaves } = engine.describe(state);
  const leaf = findLeaf(leaves, { userId: operation.from, deviceId: operation.device_id });
  const signature = decodeBase64(operation.signature);
  if (!(await verify(leaf.publicKey, await operationTranscript(operation), signature))) {
    throw new E2eeError('binding');
  }
  return leaf;
}

/**
 * Applies an operation's commit, which must be by the operation's signer, for this very operation, and do what it says: add these devices
 * and remove those. Whether that is permitted the caller judges before it stores `next`.
 */
export async function applyOperation(
  engine: E2eeEngine,
  state: GroupState,
  operation: SignedOperation,
): Promise<Applied> {
  const leaf = await verifyOperation(engine, state, operation);
  if (operation.commit === undefined) throw new E2eeError('form');
  const applied = await engine.apply(state, decodeBase64(operation.commit), operation.timestamp);
  const isBound =
    applied.committer.leafIndex === leaf.leafIndex &&
    isSame(applied.authenticatedData, await operationBinding(operation)) &&
    areThose(applied.added, devicesIn(operation, 'added_devices')) &&
    areThose(applied.removed, devicesIn(operation, 'removed_devices'));
  if (!isBound) throw new E2eeError('binding');
  return applied;
}

/**
 * Joins by an operation's welcome. The operation must be signed by a member of the group it leads into, and lead to the epoch after its
 * own, or to the first one of a new group.
 */
export async function joinByOperation(
  engine: E2eeEngine,
  operation: SignedOperation,
  own: OwnDevice,
  find: FindKeyPackage,
): Promise<{ state: GroupState; reference: string; inviter: Leaf }> {
  if (operation.welcome === undefined) throw new E2eeError('form');
  const joined = await engine.join(decodeBase64(operation.welcome), own, find);
  const inviter = await verifyOperation(engine, joined.state, operation);
  const { epoch, leaves } = engine.describe(joined.state);
  const isFirst = operation.type === 'group_create';
  const added = devicesIn(operation, 'added_devices');
  const isBound =
    epoch === (isFirst ? operation.epoch : operation.epoch + 1) &&
    (isFirst ? areThose(leaves, added) : areAmong(leaves, added)) &&
    added.includes(addressOf(own));
  if (!isBound) throw new E2eeError('binding');
  return { ...joined, inviter };
}

async function hashesOf(operation: Operation): Promise<GroupOperationHashes> {
  const name = 'name' in operation ? operation.name : undefined;
  return {
    commitSha256: (await hashOf(operation.commit)) ?? operation.commit_sha256,
    welcomeSha256: (await hashOf(operation.welcome)) ?? operation.welcome_sha256,
    nameSha256: await hashOf(name),
  };
}

async function hashOf(material: string | undefined): Promise<string | undefined> {
  return material === undefined ? undefined : encodeBase64(await sha256(decodeBase64(material)));
}

function devicesIn(operation: Operation, list: 'added_devices' | 'removed_devices'): readonly string[] {
  return (operation as { [name in typeof list]?: readonly string[] })[list] ?? [];
}

const addressOf = ({ userId, deviceId }: DeviceRef): string => `${userId}:${deviceId}`;

function areAmong(leaves: readonly DeviceRef[], addresses: readonly string[]): boolean {
  const known = new Set(leaves.map(addressOf));
  return addresses.every((address) => known.has(address));
}

const areThose = (leaves: readonly DeviceRef[], addresses: readonly string[]): boolean =>
  leaves.length === new Set(addresses).size && areAmong(leaves, addresses);
