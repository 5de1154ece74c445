import type { Downstream } from '@securechat/protocol';
import { fromBytes, toBytes } from '../storage/json.ts';
import { type Change, type Store, type Entry as Stored, sortable } from '../storage/store.ts';
import type { OutboxItem, SealedForm } from './sealer.ts';

/** `clientSeq` is 0 for operations, which are not numbered. */
export type Form = SealedForm & { readonly clientSeq: number };

/** An item in its lane. Durable are its place in the lane and its form; the rest belongs to a connection. */
export type Entry = {
  readonly item: OutboxItem;
  readonly order: number;
  readonly isFirst: boolean;
  /** Counts first sealings: the order in which sealed items are sent. */
  sealedAs: number;
  /** The bytes that are sent, and repeated unchanged. */
  form: Form | undefined;
  /** The server's answer to this very id that allows another form; used up by the next transmission. */
  because: Downstream<'error'> | undefined;
  /** The server will never accept this form: another is needed before anything is sent. */
  mustReseal: boolean;
  /** In flight without an answer. */
  sentAtMs: number | undefined;
  /** The server waits for something before it. */
  isGapped: boolean;
  /** This form has been sent before. */
  isKnownSent: boolean;
  /** Answers still possible on this connection: for this form, and for earlier ones. */
  openAnswers: number;
  openEarlier: number;
  /** Number of "later" answers. */
  refusals: number;
  notBeforeMs: number;
};

type EntryRecord = Pick<OutboxItem, 'id' | 'kind'> &
  Partial<Pick<Form, 'clientSeq' | 'generation' | 'epoch'>> & { isFirst?: true; sealedAs?: number };

const ITEMS = 'outbox/';
const itemKey = (conversationId: string, order: number): string =>
  `${ITEMS}${conversationId}/${sortable(order)}`;
const frameKey = (conversationId: string, order: number): string =>
  `outbox-frame/${conversationId}/${sortable(order)}`;

export function newEntry(item: OutboxItem, order: number, isFirst: boolean): Entry {
  return {
    ...{
      item,
      order,
      isFirst,
      sealedAs: 0,
      form: undefined,
      because: undefined,
      mustReseal: false,
      sentAtMs: undefined,
    },
    ...{ isGapped: false, isKnownSent: false, openAnswers: 0, openEarlier: 0 },
    ...{ refusals: 0, notBeforeMs: 0 },
  };
}

/** Writes an entry with this form. */
export function putEntry({ item, order, isFirst, sealedAs }: Entry, form?: Form): Change[] {
  const { id, kind, conversationId } = item;
  const { clientSeq, generation, epoch } = form ?? {};
  const record: EntryRecord = { id, kind, ...(isFirst ? { isFirst } : {}) };
  if (form) Object.assign(record, { sealedAs, clientSeq, generation, epoch });
  return [
    { put: itemKey(conversationId, order), value: toBytes(record) },
    ...(form ? [{ put: frameKey(conversationId, order), value: form.frame }] : []),
  ];
}

export function deleteEntry({ item: { conversationId }, order }: Entry): Change[] {
  return [{ delete: itemKey(conversationId, order) }, { delete: frameKey(conversationId, order) }];
}

/** All entries, unordered. */
export async function readEntries(store: Store): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (const stored of await store.list(ITEMS)) entries.push(await readEntry(store, stored));
  return entries;
}

/** One entry; undefined while it is not written. */
export async function readOne(
  store: Store,
  conversationId: string,
  order: number,
): Promise<Entry | undefined> {
  const key = itemKey(conversationId, order);
  const value = await store.get(key);
  return value && readEntry(store, [key, value]);
}

async function readEntry(store: Store, [key, value]: Stored): Promise<Entry> {
  const [, conversationId = '', digits] = key.split('/');
  const { id, kind, isFirst = false, sealedAs = 0, ...sealed } = fromBytes<EntryRecord>(value);
  const order = Number(digits);
  const frame = await store.get(frameKey(conversationId, order));
  const { clientSeq = 0, generation = 0, epoch = 0 } = sealed;
  const form = frame && { frame, clientSeq, generation, epoch };
  const entry = newEntry({ id, conversationId, kind }, order, isFirst);
  return Object.assign(entry, { form, sealedAs });
}
