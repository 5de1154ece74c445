import type { DeviceAckRecord, Packed } from '@securechat/protocol/internal';
import type { BatchPlan } from '../batch-plan.ts';

/**
 * A device has stored its mailbox up to `through`. Never beyond what the mailbox holds: an ack of the future
 * would delete messages that come later.
 */
export function ack(plan: BatchPlan, { head: record }: Packed<DeviceAckRecord>): void {
  const mailbox = plan.state.mailboxes.get(record.device);
  if (!mailbox) return;
  const through = Math.min(record.through, mailbox.head);
  if (through > mailbox.acked) {
    mailbox.acked = through;
    plan.acks.set(record.device, through);
  }
}
