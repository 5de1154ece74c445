import type { DeviceAckRecord, Packed } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';

/**
 * A device has stored its mailbox up to `through`. Capped at the mailbox head: an ack of a future sequence would
 * delete messages that arrive later.
 */
export function ack(plan: BatchPlan, { head: record }: Packed<DeviceAckRecord>): void {
  const known = plan.state.acking.get(record.device);
  if (!known) return;
  const through = Math.min(record.through, known.head);
  if (through > known.acked) {
    known.acked = through;
    plan.acks.set(record.device, through);
  }
}
