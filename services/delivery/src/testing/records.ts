import { createHash } from 'node:crypto';
import type { StreamRecord } from '@securechat/kernel/ordered';
import type {
  ChatRecord,
  GroupCreateRecord,
  GroupOperationRecord,
  OrderedRecord,
  OutRecord,
  Packed,
} from '@securechat/protocol/internal';
import { newConversationId, newMessageId } from '@securechat/testkit';

/** A device as the server knows it. */
export type Endpoint = { user: number; device: number; address: string };
export type Account = { name: string; user: number; devices: Endpoint[] };
/** A direct conversation. */
export type Place = { conversation: string; a: Account; b: Account };
export type Rec = StreamRecord<Packed<OrderedRecord>>;

const origin = ({ user, device }: Endpoint) => ({
  gateway: 'g1',
  connection: device,
  user,
  device,
  at: Date.now(),
});

function wrap(head: OrderedRecord, body: string | Buffer = ''): Rec {
  return { stream: 's', entryId: '1-0', value: { head, body: Buffer.from(body) } };
}

export const hashOf = (text: string | Buffer): string => createHash('sha256').update(text).digest('base64');

/** `body` stands for the frame a client sent; its hash decides whether two messages with one id are the same. */
export function chatFrom(
  from: Endpoint,
  place: Place,
  clientSeq: number,
  changes: Partial<ChatRecord> & { body?: string | Buffer } = {},
): Rec {
  const { body = `message ${clientSeq} of ${from.address}`, ...head } = changes;
  const peer = place.a.user === from.user ? place.b : place.a;
  return wrap(
    {
      ...origin(from),
      type: 'chat',
      knows_commits: true,
      id: newMessageId(),
      hash: hashOf(body),
      conversation: place.conversation,
      client_seq: clientSeq,
      epoch: 0,
      to: peer.name,
      ...head,
    },
    body,
  );
}

/** Created by the first device of `creator`, for all devices of both. */
export function createBy(
  creator: Account,
  peer: Account,
  changes: Partial<GroupCreateRecord> & { body?: string } = {},
): Rec {
  const { body = `welcome of ${creator.name}`, ...head } = changes;
  const own = deviceOf(creator, 0);
  const added = [...creator.devices, ...peer.devices].map(({ address }) => address);
  return wrap(
    {
      ...origin(own),
      type: 'group_create',
      id: newMessageId(),
      hash: hashOf(body),
      conversation: newConversationId(),
      generation: 0,
      epoch: 0,
      members: [creator.name, peer.name],
      added_devices: added,
      welcome_to: added.filter((address) => address !== own.address),
      ...head,
    },
    body,
  );
}

/** A conversation's current state, which an operation starts from. */
export type Standing = { conversation: string; generation: number; epoch: number; head: string };

/** A group of all devices of these people, created by the first device of the first. */
export function createGroup(
  people: readonly Account[],
  changes: Partial<GroupCreateRecord> & { body?: string } = {},
): Rec {
  const [creator] = people;
  if (!creator) throw new RangeError('a group has a member');
  const { body = `welcome of ${creator.name}`, ...head } = changes;
  const own = deviceOf(creator, 0);
  const added = people.flatMap(({ devices }) => devices.map(({ address }) => address));
  return wrap(
    {
      ...origin(own),
      type: 'group_create',
      id: newMessageId(),
      hash: hashOf(`${body} ${newMessageId()}`),
      conversation: newConversationId(),
      generation: 0,
      epoch: 0,
      kind: 'group',
      members: people.map(({ name }) => name),
      added_devices: added,
      welcome_to: added.filter((address) => address !== own.address),
      ...head,
    },
    body,
  );
}

/** Any other operation. Devices that join get `welcome …`, the others `operation …`. */
export function operate(
  from: Endpoint,
  { conversation, generation, epoch, head }: Standing,
  type: GroupOperationRecord['type'],
  changes: Partial<GroupOperationRecord> = {},
): Rec {
  const added = changes.added_devices ?? [];
  const body = `operation ${type}`;
  const isWelcoming = added.length > 0;
  return wrap(
    {
      ...origin(from),
      type,
      id: newMessageId(),
      hash: hashOf(`${type} ${newMessageId()}`),
      conversation,
      generation,
      epoch,
      previous_sha256: head,
      targets: [],
      added_devices: added,
      removed_devices: [],
      welcome_to: added,
      ...(isWelcoming ? { welcome_at: body.length } : {}),
      ...changes,
    },
    isWelcoming ? `${body}welcome ${type}` : body,
  );
}

/** A message to a group, or to a direct conversation by its id alone. */
export const groupChat = (
  from: Endpoint,
  { conversation, generation, epoch }: Standing,
  clientSeq: number,
  changes: Partial<ChatRecord> & { body?: string } = {},
): Rec => {
  const { body = `message ${clientSeq} of ${from.address}`, ...head } = changes;
  return wrap(
    {
      ...origin(from),
      type: 'chat',
      knows_commits: true,
      id: newMessageId(),
      hash: hashOf(body),
      conversation,
      client_seq: clientSeq,
      epoch,
      generation,
      to: conversation,
      ...head,
    },
    body,
  );
};

export const ackFrom = (from: Endpoint, through: number): Rec =>
  wrap({ ...origin(from), type: 'ack', through });

export const readBy = (from: Endpoint, conversation: string, readThrough: number): Rec =>
  wrap({ ...origin(from), type: 'receipt', conversation, read_through: readThrough });

export function deviceOf(account: Account, index: number): Endpoint {
  const device = account.devices[index];
  if (!device) throw new RangeError(`${account.name} has no device ${index}`);
  return device;
}

/** What a test compares of an answer: `stored 3`, `stored 3 again`, `SEQ_GAP {"expected":3}`. */
export function inShort(answer: OutRecord): string {
  if (answer.kind === 'stored') return `stored ${answer.conv_seq}${answer.dup ? ' again' : ''}`;
  if (answer.kind !== 'refused') return answer.kind;
  const { reference_id: _, ...detail } = answer.detail;
  return Object.keys(detail).length === 0 ? answer.error : `${answer.error} ${JSON.stringify(detail)}`;
}
