import type { Packed, ReadRecord } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';

/** The user has read a conversation up to here. Repeated and late receipts have no effect: a mark only grows. */
export function receipt(plan: BatchPlan, { head: record }: Packed<ReadRecord>): void {
  const key = `${record.user}:${record.conversation}`;
  const through = Math.max(record.read_through, plan.reads.get(key)?.through ?? 0);
  plan.reads.set(key, { user: record.user, conversation: record.conversation, through });
}
