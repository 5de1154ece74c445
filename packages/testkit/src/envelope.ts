import { randomBytes } from 'node:crypto';
import { type SigningKey, sha256 } from '@securechat/crypto/sign';
import { groupOpTranscript, transcript, type Upstream } from '@securechat/protocol';
import { nowSeconds } from './enrolment.ts';
import type { Device, Person } from './people.ts';

export type Chat = Upstream<'chat'>;
export type GroupCreate = Upstream<'group_create'>;

/** Ways to make a message that an honest client never sends. */
export type Tampering<M> = {
  /** Changed values, covered by a valid signature. */
  signed?: Partial<M>;
  /** Values changed after signing, so that the signature does not cover them. */
  unsigned?: Partial<M>;
  /** A key other than the device's. */
  signWith?: SigningKey;
};

export function newMessageId(): string {
  return `m_${randomBytes(12).toString('base64url')}`;
}

export function newConversationId(): string {
  return `c_${randomBytes(18).toString('base64url')}`;
}

export type ChatSource = {
  from: Person;
  device: Device;
  /** User id of the peer in a direct conversation. */
  to: string;
  conversationId: string;
  clientSeq: number;
  /** Stands for ciphertext. */
  payload: Uint8Array | string;
  epoch?: number;
  /** Of the keys; default 0. */
  generation?: number;
  id?: string;
};

export function makeChat(source: ChatSource, tampering: Tampering<Chat> = {}): Chat {
  const fields = {
    id: source.id ?? newMessageId(),
    type: 'chat' as const,
    from: source.from.id,
    to: source.to,
    device_id: source.device.id,
    conversation_id: source.conversationId,
    epoch: source.epoch ?? 0,
    ...(source.generation ? { generation: source.generation } : {}),
    client_seq: source.clientSeq,
    timestamp: nowSeconds(),
    encrypted: true,
    nonce: randomBytes(16).toString('base64'),
    payload: Buffer.from(source.payload).toString('base64'),
    ...tampering.signed,
  };
  const key = tampering.signWith ?? source.device.key;
  const signature = key.sign(transcript('envelope', fields)).toString('base64');
  return { ...fields, signature, ...tampering.unsigned };
}

export type GroupCreateSource = {
  creator: Person;
  device: Device;
  peer: Person;
  conversationId?: string;
  /** Stands for key material. */
  welcome?: Uint8Array | string;
};

/** Creates a direct conversation of all devices of two people. */
export function makeGroupCreate(
  source: GroupCreateSource,
  tampering: Tampering<GroupCreate> = {},
): GroupCreate {
  const { creator, device, peer } = source;
  const devices = [...creator.devices, ...peer.devices].map(({ address }) => address);
  const fields = {
    type: 'group_create' as const,
    id: newMessageId(),
    kind: 'direct' as const,
    conversation_id: source.conversationId ?? newConversationId(),
    generation: 0,
    epoch: 0,
    from: creator.id,
    device_id: device.id,
    timestamp: nowSeconds(),
    nonce: randomBytes(16).toString('base64'),
    members: [creator.id, peer.id],
    added_devices: devices,
    welcome: Buffer.from(source.welcome ?? randomBytes(64)).toString('base64'),
    welcome_to: devices.filter((address) => address !== device.address),
    ...tampering.signed,
  };
  const hashes = { welcomeSha256: sha256(Buffer.from(fields.welcome, 'base64')).toString('base64') };
  const operation = { ...fields, signature: '' };
  const key = tampering.signWith ?? device.key;
  const signature = key.sign(groupOpTranscript(operation, hashes)).toString('base64');
  return { ...fields, signature, ...tampering.unsigned };
}
