import type { GroupOperationRecord } from '@securechat/protocol/internal';
import type { KnownMessage } from '../store/known-messages.ts';
import type { Conversation } from '../store/state.ts';
import { decideKnown } from './decide-chat.ts';
import { checkRoom } from './fanout.ts';
import { operationRules, type Scene } from './operation-rules.ts';
import type { Refusal } from './refusal.ts';
import { mayDo } from './roles.ts';
import type { Effect, Named } from './roster.ts';

export type OperationDecision =
  | { do: 'apply'; conversation: Conversation; effect: Effect }
  | { do: 'repeat'; conversation: string; convSeq: number; atMs: number }
  | ({ do: 'refuse' } & Refusal);

/**
 * May this operation be applied? Checks in the order of a chat's: known id, membership and role, epoch, then the
 * operation's own rule. Whoever lost a race is told what won. An operation is accepted as a whole or refused.
 */
export function decideOperation(
  record: GroupOperationRecord,
  conversation: Conversation | undefined,
  known: KnownMessage | undefined,
  named: Named,
): OperationDecision {
  if (known) {
    const decision = decideKnown(record, known);
    return decision.do === 'repeat' ? decision : { do: 'refuse', error: 'ID_REUSED' };
  }
  const roster = conversation?.roster;
  const own = roster?.members.get(record.user);
  if (!conversation || !roster || !own || !conversation.devices.has(record.device)) {
    return { do: 'refuse', error: 'PERMISSION_DENIED' };
  }
  const scene: Scene = { conversation, roster, named, own };
  const forbidden = checkRight(record, scene);
  if (forbidden) return { do: 'refuse', ...forbidden };
  const stale = checkPlace(record, conversation);
  if (stale) return { do: 'refuse', ...stale };
  const full = checkRoom(conversation, 'operations');
  if (full) return { do: 'refuse', ...full };
  const outcome = operationRules[record.type](record, scene);
  if ('error' in outcome) return { do: 'refuse', ...outcome };
  return { do: 'apply', conversation, effect: outcome };
}

/** Rights that do not depend on the epoch: in a direct conversation nobody can add, remove or change roles. */
function checkRight(record: GroupOperationRecord, { conversation, own }: Scene): Refusal | undefined {
  const denied: Refusal = { error: 'PERMISSION_DENIED' };
  switch (record.type) {
    case 'group_member_add':
      return conversation.kind === 'direct' || !mayDo(own.role, 'add') ? denied : undefined;
    case 'group_member_remove':
      return conversation.kind === 'direct' || !mayDo(own.role, 'remove') ? denied : undefined;
    case 'group_update':
      return conversation.kind === 'direct' ? denied : undefined;
    case 'group_commit':
      // closed to key changes as it is to messages
      return conversation.isOpen ? undefined : denied;
    case 'group_leave':
      return undefined;
  }
}

/** The operation must start from the epoch and the operation that the server knows as the newest. */
export function checkPlace(
  record: { generation: number; epoch: number; previous_sha256?: string | undefined },
  conversation: Conversation,
): Refusal | undefined {
  const { generation, epoch, epochSeq, logHead } = conversation;
  const head = logHead?.toString('base64');
  const detail = { generation, epoch, ...(head === undefined ? {} : { previous_sha256: head }) };
  if (record.generation !== generation || record.epoch !== epoch) {
    return { error: 'STALE_EPOCH', detail: { ...detail, conv_seq: epochSeq } };
  }
  if (head !== undefined && record.previous_sha256 !== head) return { error: 'STALE_LOG', detail };
  return undefined;
}
