import { upstream } from '@securechat/protocol';
import type { GroupCreateRecord, GroupOperationRecord, Packed } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';
import { hashOf } from '../rules/check-record.ts';
import { decideKnown } from '../rules/decide-chat.ts';
import { decideOperation } from '../rules/decide-operation.ts';
import { outgrow } from '../rules/fanout.ts';
import { decideRestart } from '../rules/group-create.ts';
import type { Effect, Named } from '../rules/roster.ts';
import { knownKey } from '../store/known-messages.ts';
import type { Conversation } from '../store/state.ts';

/** Applies an operation as a whole or not at all, and stores it at the next place in its conversation. */
export function groupOperation(
  plan: BatchPlan,
  { head: record, body }: Packed<GroupOperationRecord>,
  named: Named,
): void {
  const known = plan.state.known.get(knownKey(record.device, record.id));
  const conversation = plan.state.conversations.get(record.conversation);
  const decision = decideOperation(record, conversation, known, named);
  switch (decision.do) {
    case 'refuse':
      return plan.refuse(record, decision.error, decision.detail);
    case 'repeat':
      return plan.answerStored(record, { ...decision, dup: true });
    case 'apply':
      return apply(plan, record, body, decision.conversation, decision.effect);
  }
}

/** A `group_create` that restarts an existing conversation. */
export function groupRestart(
  plan: BatchPlan,
  { head: record, body }: Packed<GroupCreateRecord>,
  named: Named,
): void {
  const known = plan.state.known.get(knownKey(record.device, record.id));
  if (known) {
    const decision = decideKnown(record, known);
    if (decision.do === 'repeat') return plan.answerStored(record, { ...decision, dup: true });
    return plan.refuse(record, 'ID_REUSED');
  }
  const conversation = plan.state.conversations.get(record.conversation);
  const decision = decideRestart(record, conversation, named);
  if ('error' in decision || !conversation) {
    const { error, detail } = 'error' in decision ? decision : { error: 'PERMISSION_DENIED' as const };
    return plan.refuse(record, error, detail);
  }
  apply(plan, record, body, conversation, decision);
}

function apply(
  plan: BatchPlan,
  record: GroupCreateRecord | GroupOperationRecord,
  body: Uint8Array,
  conversation: Conversation,
  effect: Effect,
): void {
  const hash = hashOf(record);
  const convSeq = conversation.nextSeq;
  const place = { hash, conversation: conversation.extId, convSeq, serverTsMs: plan.nowMs };
  plan.state.known.set(knownKey(record.device, record.id), place);

  join(conversation, effect);
  outgrow(conversation, plan.policy);
  const welcomeAt = record.type === 'group_create' ? undefined : record.welcome_at;
  const welcome = welcomeAt === undefined ? undefined : body.subarray(welcomeAt);
  plan.store(
    {
      conversation,
      record,
      frameType: upstream[record.type].id,
      hash,
      expiresAt: undefined,
      body: welcomeAt === undefined ? body : body.subarray(0, welcomeAt),
    },
    { welcome, welcomed: new Set(effect.joinedDevices.map(({ device }) => device)) },
  );
  leave(conversation, effect);
  conversation.logHead = hash;
  if (effect.keys) Object.assign(conversation, { ...effect.keys, epochSeq: convSeq, epochMessages: 0 });
  plan.operated(conversation, { convSeq, effect, welcome });
}

/** Before the operation is stored: devices that join receive it. */
function join(conversation: Conversation, { joinedMembers, joinedDevices }: Effect): void {
  const { roster } = conversation;
  for (const { user, name } of joinedMembers) roster?.members.set(user, { name, role: 'member' });
  for (const { device, user, address, lastClientSeq } of joinedDevices) {
    roster?.devices.set(address, { device, user });
    conversation.devices.set(device, { user, lastClientSeq });
  }
}

/** After it is stored: devices that leave still receive it. */
function leave(conversation: Conversation, effect: Effect): void {
  const { roster } = conversation;
  const removed = new Set(effect.removedDevices);
  for (const user of effect.leftMembers) roster?.members.delete(user);
  for (const name of effect.banned) roster?.banned.add(name);
  for (const name of effect.unbanned) roster?.banned.delete(name);
  for (const { user, role } of effect.roles) {
    const member = roster?.members.get(user);
    if (member) member.role = role;
  }
  for (const [address, { device }] of roster?.devices ?? []) {
    if (effect.leftDevices.includes(device) && !removed.has(device))
      conversation.due.push({ device, address });
  }
  for (const device of effect.leftDevices) {
    roster?.formerClientSeqs.set(device, conversation.devices.get(device)?.lastClientSeq ?? 0);
    conversation.devices.delete(device);
  }
  conversation.due = conversation.due.filter(({ device }) => !removed.has(device));
  for (const [address, { device }] of roster?.devices ?? []) {
    if (removed.has(device) && !conversation.devices.has(device)) roster?.devices.delete(address);
  }
}
