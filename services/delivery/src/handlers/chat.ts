import { upstream } from '@securechat/protocol';
import type { ChatRecord, Packed } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';
import { hashOf } from '../rules/check-record.ts';
import { DAY_MS } from '../rules/days.ts';
import { decideChat } from '../rules/decide-chat.ts';
import { knownKey } from '../store/known-messages.ts';

/** Stores a message of a conversation, or refuses it. */
export function chat(plan: BatchPlan, { head: record, body }: Packed<ChatRecord>): void {
  const conversation = plan.state.conversations.get(record.conversation);
  const key = knownKey(record.device, record.id);
  const decision = decideChat(record, conversation, plan.state.known.get(key), plan);
  switch (decision.do) {
    case 'refuse':
      return plan.refuse(record, decision.error, decision.detail);
    case 'repeat':
      return plan.answerStored(record, { ...decision, dup: true });
    case 'store': {
      const { conversation } = decision;
      const sender = conversation.devices.get(record.device);
      if (sender) sender.lastClientSeq = record.client_seq;
      plan.movedClientSeqs.push({
        conversation,
        device: record.device,
        clientSeq: record.client_seq,
        convSeq: conversation.nextSeq,
      });
      conversation.epochMessages += 1;
      const hash = hashOf(record);
      // A retry of it may follow in the same batch.
      plan.state.known.set(key, {
        hash,
        conversation: conversation.extId,
        convSeq: conversation.nextSeq,
        serverTsMs: plan.nowMs,
      });
      plan.store({
        conversation,
        record,
        frameType: upstream.chat.id,
        hash,
        expiresAt:
          record.expires_at === undefined ? undefined : Math.min(record.expires_at, retentionEnds(plan)),
        body,
      });
    }
  }
}

/** Unix seconds. No message is promised to be kept longer than this, whatever expiry the sender asks for. */
const retentionEnds = ({ nowMs, policy }: BatchPlan): number =>
  Math.floor((nowMs + policy.retentionDays * DAY_MS) / 1000);
