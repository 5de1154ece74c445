import type { StreamRecord } from '@securechat/kernel/ordered';
import { groupOperationNames } from '@securechat/protocol';
import type { GroupCreateRecord, OrderedRecord, Packed } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import { BatchPlan } from './batch-plan.ts';
import { type Created, groupCreate, prepareGroupCreate } from './handlers/group_create.ts';
import { groupOperation, groupRestart } from './handlers/group-operation.ts';
import { handlers } from './handlers/index.ts';
import { checkForm, isSound } from './rules/check-record.ts';
import { DAY_MS, daysBetween, REMEMBER_IDS_MS } from './rules/days.ts';
import { DEFAULT_POLICY, type Policy } from './rules/policy.ts';
import { type Named, NOBODY } from './rules/roster.ts';
import { findKnown, knownKey } from './store/known-messages.ts';
import { findNamed, type Naming } from './store/named.ts';
import { type BatchState, readBatchState, type Wanted } from './store/state.ts';

type Value = Packed<OrderedRecord>;

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
