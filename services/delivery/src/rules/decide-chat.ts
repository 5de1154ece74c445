import type { ErrorDetail, ErrorName } from '@securechat/protocol';
import type { ChatRecord } from '@securechat/protocol/internal';
import type { KnownMessage } from '../store/known-messages.ts';
import type { Conversation } from '../store/state.ts';
import { checkDue } from './check-due.ts';
import { checkRoom, LATER } from './fanout.ts';
import type { Policy } from './policy.ts';

export type ChatDecision =
  | { do: 'store'; conversation: Conversation }
  | { do: 'repeat'; conversation: string; convSeq: number; atMs: number }
  | { do: 'refuse'; error: ErrorName; detail?: ErrorDetail };

/**
 * May this message be stored? The order of checks matters: a retry whose first answer was lost must get that answer
 * again, even if the conversation has moved on. So: known id, membership and block, epoch, commits that are due,
 * client_seq. A refused message uses up no client_seq.
 */
export function decideChat(
  record: ChatRecord,
  conversation: Conversation | undefined,
  known: KnownMessage | undefined,
  { nowMs, policy }: { nowMs: number; policy: Pick<Policy, 'messagesPerEpoch'> },
): ChatDecision {
  if (known) return decideKnown(record, known);
  const sender = conversation?.devices.get(record.device);
  if (!conversation || !sender || !isAddressed(record, conversation) || !isAccepted(record, conversation)) {
    return { do: 'refuse', error: 'PERMISSION_DENIED' };
  }
  if (record.expires_at !== undefined && record.expires_at * 1000 <= nowMs) {
    return { do: 'refuse', error: 'EXPIRED' };
  }
  const { epoch, generation, epochMessages } = conversation;
  if (record.epoch !== epoch || (record.generation ?? 0) !== generation) {
    return {
      do: 'refuse',
      error: 'STALE_EPOCH',
      detail: { epoch, ...(generation > 0 ? { generation } : {}) },
    };
  }
  const due = checkDue(conversation);
  // a client behind a gateway of the previous release cannot commit, and is told to retry later instead
  if (due && !record.knows_commits) return { do: 'refuse', ...LATER };
  if (due) return { do: 'refuse', ...due };
  if (epochMessages >= policy.messagesPerEpoch && record.knows_commits) {
    return { do: 'refuse', error: 'COMMIT_REQUIRED', detail: { generation, epoch, removed_devices: [] } };
  }
  const full = checkRoom(conversation, 'messages');
  if (full) return { do: 'refuse', ...full };
  if (record.client_seq !== sender.lastClientSeq + 1) {
    return { do: 'refuse', error: 'SEQ_GAP', detail: { expected: sender.lastClientSeq + 1 } };
  }
  return { do: 'store', conversation };
}

/** Same id and same signed content is a retry; same id with other content is the sender's fault. */
export function decideKnown(record: { hash: string }, known: KnownMessage): ChatDecision {
  if (known.hash.toString('base64') !== record.hash) return { do: 'refuse', error: 'ID_REUSED' };
  return { do: 'repeat', conversation: known.conversation, convSeq: known.convSeq, atMs: known.serverTsMs };
}

/**
 * A direct conversation is closed in both directions while either user blocks the other or has no active account or
 * device. The sender gets the same answer as for a conversation that does not exist.
 */
function isAccepted(record: ChatRecord, conversation: Conversation): boolean {
  if (conversation.names.size === 0) return true;
  if (!conversation.isOpen) return false;
  for (const { user } of conversation.devices.values()) if (user !== record.user) return true;
  return false;
}

/** In a direct conversation `to` is the other user, in a group the conversation itself. */
function isAddressed(record: ChatRecord, conversation: Conversation): boolean {
  if (conversation.names.size === 0) return record.to === conversation.extId;
  for (const [user, name] of conversation.names) {
    if (user !== record.user) return record.to === name;
  }
  return false;
}
