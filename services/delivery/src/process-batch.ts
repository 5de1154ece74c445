import type { Clock } from '@securechat/kernel';
import type { OrderedHandler, Processed, StreamRecord } from '@securechat/kernel/ordered';
import { MAX_TIMESTAMP_BEHIND_SECONDS } from '@securechat/protocol';
import {
  type GroupCreateRecord,
  type OrderedRecord,
  type Packed,
  packEntry,
  unpackEntry,
} from '@securechat/protocol/internal';
import type { Client } from 'pg';
import { BatchPlan } from './batch-plan.ts';
import { type Created, groupCreate, prepareGroupCreate } from './handlers/group_create.ts';
import { handlers } from './handlers/index.ts';
import type { DeliveryMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import type { Receipts } from './receipts.ts';
import { checkForm, checkOrigin } from './rules/check-record.ts';
import { type BatchState, findKnown, knownKey, readBatchState, type Wanted } from './store/state.ts';
import { dayOf, writeBatch } from './store/write-batch.ts';

type Value = Packed<OrderedRecord>;

const DAY_MS = 24 * 3600 * 1000;
/** Ids are remembered for a day longer than the oldest message that is accepted: no blind spot between the two. */
const REMEMBER_IDS_MS = MAX_TIMESTAMP_BEHIND_SECONDS * 1000 + DAY_MS;

/** What delivery does with a batch of its ordered streams, from bytes to what is published. */
export function createBatchHandler(parts: {
  publisher: Publisher;
  receipts: Receipts;
  clock: Clock;
  metrics: DeliveryMetrics;
}): OrderedHandler<Value> {
  const { publisher, receipts, clock, metrics } = parts;

  return {
    decode(entry) {
      const values = unpackEntry<OrderedRecord>(entry);
      for (const { head } of values) checkOrigin(head);
      return values;
    },

    encode: (value) => Buffer.from(packEntry([value])),

    room: () => publisher.room(),

    async process(client, records) {
      const nowMs = clock.now();
      for (const { value } of records) metrics.queueAge.observe(Math.max(0, nowMs - value.head.at) / 1000);
      const plan = await decideBatch(client, records, nowMs);
      return processedFrom(client, plan, records);
    },

    parked(value) {
      const plan = new BatchPlan(emptyState(), clock.now());
      plan.refuse(value.head, 'INVALID_MESSAGE_FORMAT');
      return { write: async () => {}, touched: new Map(), publish: () => publisher.publish(plan) };
    },

    announce: (devices) => publisher.announce(devices),
  };

  function processedFrom(client: Client, plan: BatchPlan, records: StreamRecord<Value>[]): Processed {
    let moved: Awaited<ReturnType<typeof writeBatch>> = [];
    return {
      async write() {
        moved = await writeBatch(client, plan);
      },
      touched: touchedByStream(plan, records),
      // Acknowledgements alone: losing one only repeats a delivery.
      mayBeLost: plan.stored.length === 0,
      publish() {
        metrics.count(plan);
        publisher.publish(plan);
        receipts.add(moved);
      },
    };
  }
}

/** Reads what the records need, then decides them one after the other, in order. */
export async function decideBatch(
  client: Client,
  records: StreamRecord<Value>[],
  nowMs: number,
): Promise<BatchPlan> {
  for (const { value } of records) checkForm(value.head);
  const wanted = wantedBy(records, nowMs);
  const made = await makeConversations(client, records, wanted.days);
  const plan = new BatchPlan(await readBatchState(client, wanted), nowMs);
  const created = holdBack(plan.state, made);
  for (const { value } of records) {
    if (value.head.type === 'group_create') await groupCreate(client, plan, value as Packed<never>, created);
    else (handlers[value.head.type] as (plan: BatchPlan, value: Value) => void)(plan, value);
  }
  return plan;
}

/** Resolves with the creations that have made their conversation. */
async function makeConversations(
  client: Client,
  records: StreamRecord<Value>[],
  days: Wanted['days'],
): Promise<GroupCreateRecord[]> {
  const ids = new Set<string>();
  const candidates: GroupCreateRecord[] = [];
  for (const { value } of records) {
    const { head } = value;
    if (head.type !== 'chat' && head.type !== 'group_create') continue;
    const key = knownKey(head.device, head.id);
    if (head.type === 'group_create' && !ids.has(key)) candidates.push(head);
    ids.add(key);
  }
  const known = await findKnown(client, { ids: candidates, days });
  const made: GroupCreateRecord[] = [];
  for (const record of candidates) {
    if (known.has(knownKey(record.device, record.id))) continue;
    if (await prepareGroupCreate(client, record)) made.push(record);
  }
  return made;
}

function holdBack(state: BatchState, made: GroupCreateRecord[]): Created {
  const created: Created = new Map();
  for (const record of made) {
    const conversation = state.conversations.get(record.conversation);
    state.conversations.delete(record.conversation);
    if (conversation) created.set(record, conversation);
  }
  return created;
}

function wantedBy(records: StreamRecord<Value>[], nowMs: number): Wanted {
  const conversations = new Set<string>();
  const ids: Wanted['ids'] = [];
  const ackingDevices = new Set<number>();
  for (const { value } of records) {
    const { head } = value;
    if (head.type === 'ack') ackingDevices.add(head.device);
    if (head.type === 'chat' || head.type === 'group_create') {
      conversations.add(head.conversation);
      ids.push({ device: head.device, id: head.id });
    }
  }
  return {
    conversations: [...conversations],
    ids,
    ackingDevices: [...ackingDevices],
    // A day more at the end: another process may be a little ahead of midnight.
    days: { first: dayOf(nowMs - REMEMBER_IDS_MS), last: dayOf(nowMs + DAY_MS) },
  };
}

/** For each stream the devices whose mailboxes grew, should this process die before it can tell them. */
function touchedByStream(plan: BatchPlan, records: StreamRecord<Value>[]): Map<string, number[]> {
  const streamOf = new Map(records.map(({ stream, value }) => [value.head, stream]));
  const touched = new Map<string, number[]>();
  for (const { record, recipients } of plan.stored) {
    const stream = streamOf.get(record);
    if (stream === undefined) continue;
    const devices = recipients.map((recipient) => recipient.device);
    touched.set(stream, [...(touched.get(stream) ?? []), ...devices]);
  }
  return touched;
}

const emptyState = (): BatchState => ({
  conversations: new Map(),
  mailboxes: new Map(),
  acking: new Map(),
  known: new Map(),
});
