import type { Conversation } from '../store/state.ts';
import type { Policy } from './policy.ts';
import type { Refusal } from './refusal.ts';

/**
 * Messages of one conversation that may wait for the fan-out. Beyond it senders are told to retry later: the fan-out
 * has fallen behind, and its queue must stay bounded. Operations get as much room again, so that whoever fills the
 * queue can be removed meanwhile.
 */
const MAX_WAITING = { messages: 500, operations: 1_000 } as const;

/** Undefined when there is room for one more. */
export function checkRoom({ waitingJobs }: Conversation, of: keyof typeof MAX_WAITING): Refusal | undefined {
  return waitingJobs < MAX_WAITING[of] ? undefined : LATER;
}

export const LATER: Refusal = { error: 'SERVER_UNAVAILABLE', detail: { retry_after_ms: 1_000 } };

/**
 * A conversation with more devices than fit into a message's transaction switches to delivery from the outbox. Only
 * the fan-out switches it back, once the outbox is empty, so that no message overtakes another.
 */
export function outgrow(conversation: Conversation, { maxInlineDevices }: Policy): void {
  if (conversation.devices.size > maxInlineDevices) conversation.fanout = 'outbox';
}
