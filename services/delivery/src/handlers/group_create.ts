import { upstream } from '@securechat/protocol';
import type { GroupCreateRecord, Packed } from '@securechat/protocol/internal';
import type { Client } from 'pg';
import type { BatchPlan } from '../batch-plan.ts';
import { hashOf } from '../rules/check-record.ts';
import { decideKnown } from '../rules/decide-chat.ts';
import { checkDirectCreate } from '../rules/direct-create.ts';
import { checkGroupCreate } from '../rules/group-create.ts';
import type { Policy } from '../rules/policy.ts';
import type { Named } from '../rules/roster.ts';
import { createConversation } from '../store/conversations.ts';
import { knownKey } from '../store/known-messages.ts';
import { findParticipants } from '../store/participants.ts';
import type { Conversation } from '../store/state.ts';

/**
 * Conversations that this batch has created, by the creating record. They are added to the plan only when that
 * record's turn comes, so nothing can be stored in one before its creation.
 */
export type Created = Map<GroupCreateRecord, Conversation>;

/**
 * First half, before conversations are locked: inserts the rows of a new conversation, and resolves with whether it
 * did. Of two racing creations one inserts the row, the other is told which won. Not called for a record whose id is
 * known: a retry must create nothing, and a record that will be refused must leave nothing behind.
 */
export async function prepareGroupCreate(
  client: Client,
  record: GroupCreateRecord,
  named: Named,
  policy: Policy,
): Promise<boolean> {
  const fanout = record.added_devices.length > policy.maxInlineDevices ? 'outbox' : 'inline';
  if (record.kind === 'group') {
    if (checkGroupCreate(record, named) !== undefined) return false;
    return await createConversation(client, record, named, fanout);
  }
  const participants = await findParticipants(client, record);
  if (checkDirectCreate(record, participants) !== undefined) return false;
  return await createConversation(client, record, participants, fanout);
}

/** Second half, under the lock: stores the creation as the conversation's first message, or refuses it. */
export async function groupCreate(
  client: Client,
  plan: BatchPlan,
  { head: record, body }: Packed<GroupCreateRecord>,
  created: Created,
  named: Named,
): Promise<void> {
  const known = plan.state.known.get(knownKey(record.device, record.id));
  if (known) {
    const decision = decideKnown(record, known);
    if (decision.do === 'repeat') return plan.answerStored(record, { ...decision, dup: true });
    return plan.refuse(record, 'ID_REUSED');
  }
  const conversation = created.get(record);
  if (conversation) {
    plan.state.conversations.set(record.conversation, conversation);
    const hash = hashOf(record);
    const { extId, nextSeq } = conversation;
    const place = { hash, conversation: extId, convSeq: nextSeq, serverTsMs: plan.nowMs };
    plan.state.known.set(knownKey(record.device, record.id), place);
    return plan.store({
      conversation,
      record,
      frameType: upstream.group_create.id,
      hash,
      expiresAt: undefined,
      body,
    });
  }
  await refuseCreate(client, plan, record, named);
}

async function refuseCreate(
  client: Client,
  plan: BatchPlan,
  record: GroupCreateRecord,
  named: Named,
): Promise<void> {
  if (record.kind === 'group') {
    const { error, detail } = checkGroupCreate(record, named) ?? { error: 'PERMISSION_DENIED' as const };
    return plan.refuse(record, error, detail);
  }
  const participants = await findParticipants(client, record);
  const refusal = checkDirectCreate(record, participants);
  if (refusal) return plan.refuse(record, refusal.error, refusal.detail);
  const winner = participants.existing;
  if (!winner) return plan.refuse(record, 'PERMISSION_DENIED');
  plan.refuse(record, 'CONVERSATION_EXISTS', { conversation_id: winner.extId, epoch: winner.epoch });
}
