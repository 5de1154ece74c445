import type { ErrorDetail, ErrorName } from '@securechat/protocol';
import type { ChatRecord } from '@securechat/protocol/internal';
import type { Conversation, KnownMessage } from '../store/state.ts';

export type ChatDecision =
  | { do: 'store'; conversation: Conversation }
  | { do: 'repeat'; conversation: string; convSeq: number; atMs: number }
  | { do: 'refuse'; error: ErrorName; detail?: ErrorDetail };

/**
 * May this message be stored? The order matters: a retry whose first answer was lost must get that answer again,
 * even if the conversation has moved on since. So: known id, membership, epoch, client_seq.
 * A refused message uses up no client_seq.
 */
export function decideChat(
  record: ChatRecord,
  conversation: Conversation | undefined,
  known: KnownMessage | undefined,
  nowMs: number,
): ChatDecision {
  if (known) return decideKnown(record, known);
  const sender = conversation?.devices.get(record.device);
  if (!conversation || !sender || !isAddressed(record, conversation)) {
    return { do: 'refuse', error: 'PERMISSION_DENIED' };
  }
  if (record.expires_at !== undefined && record.expires_at * 1000 <= nowMs) {
    return { do: 'refuse', error: 'EXPIRED' };
  }
  if (record.epoch !== conversation.epoch) {
    return { do: 'refuse', error: 'STALE_EPOCH', detail: { epoch: conversation.epoch } };
  }
  if (record.client_seq !== sender.lastClientSeq + 1) {
    return { do: 'refuse', error: 'SEQ_GAP', detail: { expected: sender.lastClientSeq + 1 } };
  }
  return { do: 'store', conversation };
}

/** Same id and same signed content is a retry; same id and other content is a fault of the sender. */
export function decideKnown(record: { hash: string }, known: KnownMessage): ChatDecision {
  if (known.hash.toString('base64') !== record.hash) return { do: 'refuse', error: 'ID_REUSED' };
  return { do: 'repeat', conversation: known.conversation, convSeq: known.convSeq, atMs: known.serverTsMs };
}

/** In a direct conversation `to` is the other user, in a group the conversation itself. */
function isAddressed(record: ChatRecord, conversation: Conversation): boolean {
  if (conversation.names.size === 0) return record.to === conversation.extId;
  for (const [user, name] of conversation.names) {
    if (user !== record.user) return record.to === name;
  }
  return false;
}
