import type { Packed, ReadRecord } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';

/** The person has read a conversation so far. Repeated and late receipts change nothing: the mark only grows. */
export function receipt(plan: BatchPlan, { head: record }: Packed<ReadRecord>): void {
  const key = `${record.user}:${record.conversation}`;
  const through = Math.max(record.read_through, plan.reads.get(key)?.through ?? 0);
  plan.reads.set(key, { user: record.user, conversation: record.conversation, through });
}
