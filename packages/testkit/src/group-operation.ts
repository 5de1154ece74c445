import { randomBytes } from 'node:crypto';
import { sha256 } from '@securechat/crypto/sign';
import {
  type GroupOperationHashes,
  type GroupOperationName,
  groupOpTranscript,
  type Upstream,
} from '@securechat/protocol';
import { nowSeconds } from './enrolment.ts';
import { newConversationId, newMessageId, type Tampering } from './envelope.ts';
import type { Device, Person } from './people.ts';

/** The operations that change an existing conversation. */
export type ChangeName = Exclude<GroupOperationName, 'group_create'>;
/** The state an operation builds on: keys, and SHA-256 of the preceding operation. */
export type Standing = { id: string; generation: number; epoch: number; head: string | undefined };

/** An operation in any of its wire forms. */
type AnyForm = Parameters<typeof groupOpTranscript>[0] & {
  commit?: string;
  commit_sha256?: string;
  welcome?: string;
  welcome_sha256?: string;
  name?: string;
};

const hashOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : sha256(Buffer.from(text, 'base64')).toString('base64');

/** Hashes of an operation's material, whether this form contains the bytes or only their hash. */
function operationHashes(operation: AnyForm): GroupOperationHashes {
  return {
    commitSha256: hashOf(operation.commit) ?? operation.commit_sha256,
    welcomeSha256: hashOf(operation.welcome) ?? operation.welcome_sha256,
    nameSha256: hashOf(operation.name),
  };
}

/** What its sender signed, the same for every form. The next operation names its SHA-256. */
export const operationTranscript = (operation: AnyForm): Uint8Array =>
  groupOpTranscript(operation, operationHashes(operation));
export const operationDigest = (operation: AnyForm): string =>
  sha256(operationTranscript(operation)).toString('base64');

export type ChangeSource<N extends ChangeName> = {
  from: Person;
  device: Device;
  standing: Standing;
} & Omit<
  Upstream<N>,
  | 'type'
  | 'id'
  | 'conversation_id'
  | 'generation'
  | 'epoch'
  | 'from'
  | 'device_id'
  | 'timestamp'
  | 'nonce'
  | 'signature'
  | 'previous_sha256'
>;

/** Signs an operation on an existing conversation. */
export function makeChange<N extends ChangeName>(
  type: N,
  { from, device, standing, ...parts }: ChangeSource<N>,
  tampering: Tampering<Upstream<N>> = {},
): Upstream<N> {
  const fields = {
    type,
    id: newMessageId(),
    conversation_id: standing.id,
    generation: standing.generation,
    epoch: standing.epoch,
    from: from.id,
    device_id: device.id,
    timestamp: nowSeconds(),
    nonce: randomBytes(16).toString('base64'),
    previous_sha256: standing.head ?? Buffer.alloc(32).toString('base64'),
    ...parts,
    ...tampering.signed,
  };
  const key = tampering.signWith ?? device.key;
  const signature = key.sign(operationTranscript(fields as unknown as AnyForm)).toString('base64');
  return { ...fields, signature, ...tampering.unsigned } as unknown as Upstream<N>;
}

/** Stands for key material. */
export const someMaterial = (bytes = 64): string => randomBytes(bytes).toString('base64');

export type GroupSource = {
  creator: Person;
  device: Device;
  others: readonly Person[];
  kind?: 'direct' | 'group';
  conversationId?: string;
  /** Restarts this conversation. */
  replaces?: Standing;
  name?: string;
};

/** Creates a conversation of all devices of some people, or restarts one. */
export function makeGroup(
  source: GroupSource,
  tampering: Tampering<Upstream<'group_create'>> = {},
): Upstream<'group_create'> {
  const { creator, device, others, kind = 'group', replaces, name } = source;
  const devices = [creator, ...others].flatMap((person) => person.devices.map(({ address }) => address));
  const fields = {
    type: 'group_create' as const,
    id: newMessageId(),
    kind,
    conversation_id: replaces?.id ?? source.conversationId ?? newConversationId(),
    generation: replaces ? replaces.generation + 1 : 0,
    epoch: 0,
    from: creator.id,
    device_id: device.id,
    timestamp: nowSeconds(),
    nonce: randomBytes(16).toString('base64'),
    members: [creator.id, ...others.map(({ id }) => id)],
    added_devices: devices,
    welcome: someMaterial(),
    welcome_to: devices.filter((address) => address !== device.address),
    ...(name === undefined ? {} : { name }),
    ...(replaces === undefined
      ? {}
      : {
          replaces: { generation: replaces.generation, epoch: replaces.epoch },
          previous_sha256: replaces.head ?? Buffer.alloc(32).toString('base64'),
        }),
    ...tampering.signed,
  };
  const key = tampering.signWith ?? device.key;
  const signature = key.sign(operationTranscript(fields)).toString('base64');
  return { ...fields, signature, ...tampering.unsigned };
}
