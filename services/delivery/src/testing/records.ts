import { createHash } from 'node:crypto';
import type { StreamRecord } from '@securechat/kernel/ordered';
import type {
  ChatRecord,
  GroupCreateRecord,
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

/** `body` stands for the frame a client sent; its hash decides whether two of the same id are the same message. */
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

/** By the first device of `creator`, for all devices of both. */
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
