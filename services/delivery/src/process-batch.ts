import type { Clock } from '@securechat/kernel';
import type { OrderedHandler, Processed, StreamRecord } from '@securechat/kernel/ordered';
import { groupOperationNames } from '@securechat/protocol';
import {
  type GroupCreateRecord,
  type OrderedRecord,
  type Packed,
  packEntry,
  unpackEntry,
} from '@securechat/protocol/internal';
import type { Client } from 'pg';
import { BatchPlan } from './batch-plan.ts';
import type { Fanout } from './fanout/fanout.ts';
import { type Created, groupCreate, prepareGroupCreate } from './handlers/group_create.ts';
import { groupOperation, groupRestart } from './handlers/group-operation.ts';
import { handlers } from './handlers/index.ts';
import type { DeliveryMetrics } from './metrics.ts';
import type { Publisher } from './publisher.ts';
import type { Receipts } from './receipts.ts';
import { overfull } from './rules/backlog.ts';
import { checkForm, checkOrigin, isSound } from './rules/check-record.ts';
import { DAY_MS, daysBetween, REMEMBER_IDS_MS } from './rules/days.ts';
import { DEFAULT_POLICY, type Policy } from './rules/policy.ts';
import { type Named, NOBODY } from './rules/roster.ts';
import { findKnown, knownKey } from './store/known-messages.ts';
import { findNamed, type Naming } from './store/named.ts';
import { type BatchState, readBatchState, type Wanted } from './store/state.ts';
import { writeBatch } from './store/write-batch.ts';

type Value = Packed<OrderedRecord>;

/** How delivery processes a batch of its ordered streams, from decoding to publication. */
export function createBatchHandler(parts: {
  publisher: Publisher;
  receipts: Receipts;
  fanout: Pick<Fanout, 'wake'>;
  clock: Clock;
  metrics: DeliveryMetrics;
  policy: Policy;
}): OrderedHandler<Value> {
  const { publisher, receipts, fanout, clock, metrics, policy } = parts;

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
      const plan = await decideBatch(client, records, nowMs, policy);
      return processedFrom(client, plan, records);
    },

    lock: lockForBatch,

    parked(value) {
      const plan = new BatchPlan(emptyState(), clock.now(), policy);
      plan.refuse(value.head, 'INVALID_MESSAGE_FORMAT');
      return { write: async () => {}, touched: new Map(), publish: () => publisher.publish(plan) };
    },

    announce: (devices) => publisher.announce(devices),
  };

  function processedFrom(client: Client, plan: BatchPlan, records: StreamRecord<Value>[]): Processed {
    let moved: Awaited<ReturnType<typeof writeBatch>> = [];
    const isOverfull = overfull(plan.state.mailboxes, plan.policy).length > 0;
    return {
      async write() {
        moved = await writeBatch(client, plan);
      },
      // a cut depends on what the mailbox holds, so its statements cannot be pipelined with COMMIT
      takesTurns: isOverfull,
      touched: touchedByStream(plan, records),
      publish() {
        metrics.count(plan);
        publisher.publish(plan);
        fanout.wake(plan.stored.flatMap(({ isOutbox, conversation }) => (isOutbox ? [conversation.id] : [])));
        // truncation entries are not pushed; they come with the next page
        if (plan.cut.length > 0) publisher.announce(plan.cut);
        receipts.add(moved);
      },
    };
  }
}

/** Reads the state that the records need, then decides them one by one, in order. */
export async function decideBatch(
  client: Client,
  records: StreamRecord<Value>[],
  nowMs: number,
  policy: Policy = DEFAULT_POLICY,
): Promise<BatchPlan> {
  for (const { value } of records) checkForm(value.head);
  const operations = records.flatMap(({ value: { head } }) => (isOperation(head) ? [head] : []));
  const named = operations.length > 0 ? await findNamed(client, operations) : new Map<Naming, Named>();
  const wanted = wantedBy(records, nowMs, named);
  const made = await makeConversations(client, records, { days: wanted.days, named, policy });
  const plan = new BatchPlan(await readBatchState(client, wanted), nowMs, policy);
  const created = holdBack(plan.state, made);
  for (const { value } of records) {
    if (isOperation(value.head)) {
      await operate(client, plan, value as Packed<Naming>, created, named.get(value.head) ?? NOBODY);
    } else (handlers[value.head.type] as (plan: BatchPlan, value: Value) => void)(plan, value);
  }
  return plan;
}

/** Takes every lock that a batch of these records would; whatever it reads is read again later. */
export async function lockForBatch(client: Client, records: StreamRecord<Value>[]): Promise<void> {
  const sound = records.filter(({ value }) => isSound(value.head));
  const operations = sound.flatMap(({ value: { head } }) => (isOperation(head) ? [head] : []));
  const named = operations.length > 0 ? await findNamed(client, operations) : new Map<Naming, Named>();
  await readBatchState(client, wantedBy(sound, 0, named));
}

const operationTypes: ReadonlySet<string> = new Set(groupOperationNames);
const isOperation = (head: OrderedRecord): head is Naming => operationTypes.has(head.type);
/** A creation of a new conversation, not a restart of an existing one. */
const isCreation = (head: OrderedRecord): head is GroupCreateRecord =>
  head.type === 'group_create' && head.replaces === undefined;

async function operate(
  client: Client,
  plan: BatchPlan,
  { head, body }: Packed<Naming>,
  created: Created,
  named: Named,
): Promise<void> {
  if (head.type !== 'group_create') groupOperation(plan, { head, body }, named);
  else if (isCreation(head)) await groupCreate(client, plan, { head, body }, created, named);
  else groupRestart(plan, { head, body }, named);
}

/** Resolves with the creations that inserted their conversation. */
async function makeConversations(
  client: Client,
  records: StreamRecord<Value>[],
  parts: { days: Wanted['days']; named: ReadonlyMap<Naming, Named>; policy: Policy },
): Promise<GroupCreateRecord[]> {
  const ids = new Set<string>();
  const candidates: GroupCreateRecord[] = [];
  for (const { value } of records) {
    const { head } = value;
    if (head.type !== 'chat' && !isOperation(head)) continue;
    const key = knownKey(head.device, head.id);
    if (isCreation(head) && !ids.has(key)) candidates.push(head);
    ids.add(key);
  }
  const known = await findKnown(client, { ids: candidates, days: parts.days });
  const made: GroupCreateRecord[] = [];
  for (const record of candidates) {
    if (known.has(knownKey(record.device, record.id))) continue;
    const named = parts.named.get(record) ?? NOBODY;
    if (await prepareGroupCreate(client, record, named, parts.policy)) made.push(record);
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

function wantedBy(records: StreamRecord<Value>[], nowMs: number, named: ReadonlyMap<Naming, Named>): Wanted {
  const conversations = new Set<string>();
  const operated = new Set<string>();
  const senders = new Set<number>();
  const ids: Wanted['ids'] = [];
  const ackingDevices = new Set<number>();
  for (const { value } of records) {
    const { head } = value;
    if (head.type === 'ack') ackingDevices.add(head.device);
    if (head.type === 'chat' || isOperation(head)) {
      conversations.add(head.conversation);
      senders.add(head.device);
      ids.push({ device: head.device, id: head.id });
      if (head.type !== 'chat' && !isCreation(head)) operated.add(head.conversation);
    }
  }
  const joining = [...named].flatMap(([record, { devices }]) =>
    isCreation(record) ? [] : [...devices.values()].map(({ device }) => device),
  );
  return {
    conversations: [...conversations],
    operated: [...operated],
    senders: [...senders],
    joining: [...new Set(joining)],
    ids,
    ackingDevices: [...ackingDevices],
    // One day beyond today: another process's clock may be a little ahead at midnight.
    days: daysBetween(nowMs - REMEMBER_IDS_MS, nowMs + DAY_MS),
  };
}

/** Per stream, the devices whose mailboxes grew, in case this process dies before it can tell them. */
function touchedByStream(plan: BatchPlan, records: StreamRecord<Value>[]): Map<string, number[]> {
  const streamOf = new Map(records.map(({ stream, value }) => [value.head, stream]));
  const touched = new Map<string, number[]>();
  for (const { record, recipients } of plan.stored) {
    const stream = streamOf.get(record);
    if (stream === undefined) continue;
    const devices = recipients.map((recipient) => recipient.device);
    const known = touched.get(stream);
    if (known) known.push(...devices);
    else touched.set(stream, devices);
  }
  return touched;
}

const emptyState = (): BatchState => ({
  conversations: new Map(),
  mailboxes: new Map(),
  acking: new Map(),
  known: new Map(),
});
