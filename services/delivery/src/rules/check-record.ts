import { PoisonError } from '@securechat/kernel';
import type { OrderedRecord } from '@securechat/protocol/internal';

/** Field names, and their kinds as `typeof` reports them. */
type Fields = readonly (readonly [name: string, kind: string])[];

const ORIGIN: Fields = Object.entries({
  gateway: 'string',
  connection: 'number',
  user: 'number',
  device: 'number',
  at: 'number',
});
const MESSAGE = { id: 'string', hash: 'string', conversation: 'string', epoch: 'number' };
const OPERATION = Object.entries({
  ...MESSAGE,
  generation: 'number',
  previous_sha256: 'string',
  targets: 'object',
  added_devices: 'object',
  removed_devices: 'object',
  welcome_to: 'object',
});
const FIELDS: { [T in OrderedRecord['type']]: Fields } = {
  chat: Object.entries({ ...MESSAGE, client_seq: 'number', to: 'string' }),
  group_create: Object.entries({
    ...MESSAGE,
    generation: 'number',
    members: 'object',
    added_devices: 'object',
    welcome_to: 'object',
  }),
  group_member_add: OPERATION,
  group_member_remove: OPERATION,
  group_leave: OPERATION,
  group_update: OPERATION,
  group_commit: OPERATION,
  ack: Object.entries({ through: 'number' }),
  receipt: Object.entries({ conversation: 'string', read_through: 'number' }),
};
const HASH_BYTES = 32;

/** A record without its origin cannot be answered: the entry is not one of ours. */
export function checkOrigin(head: OrderedRecord): void {
  if (!hasFields(head, ORIGIN)) throw new RangeError('packed entry: a record without its origin');
}

/** A gateway of another version may write types and fields that this one does not know. */
export function checkForm(head: OrderedRecord): void {
  if (!Object.hasOwn(FIELDS, head.type)) throw new PoisonError('a record of an unknown type');
  if (!isSound(head)) throw new PoisonError('a record without a field of its type');
}

export function isSound(head: OrderedRecord): boolean {
  return Object.hasOwn(FIELDS, head.type) && hasFields(head, FIELDS[head.type]);
}

/** All hashes of a batch travel concatenated: one of another length would shift those after it. */
export function hashOf(record: { hash: string }): Buffer {
  const hash = Buffer.from(record.hash, 'base64');
  if (hash.length !== HASH_BYTES) throw new PoisonError('a hash of the wrong length');
  return hash;
}

function hasFields(head: unknown, fields: Fields): boolean {
  if (typeof head !== 'object' || head === null) return false;
  return fields.every(([name, kind]) => typeof (head as Record<string, unknown>)[name] === kind);
}
