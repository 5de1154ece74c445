import type { Conversation } from '../store/state.ts';
import type { Policy } from './policy.ts';
import type { Refusal } from './refusal.ts';

/**
 * Messages of one conversation whose pointers may be missing at once. Beyond it its senders are told to come back: the
 * fan-out has fallen behind, and what waits for it must not grow without a bound. Operations have as much room again, so
 * that whoever fills it can be removed meanwhile.
 */
const MAX_WAITING = { messages: 500, operations: 1_000 } as const;

/** Undefined when there is room for another one. */
export function checkRoom({ waitingJobs }: Conversation, of: keyof typeof MAX_WAITING): Refusal | undefined {
  return waitingJobs < MAX_WAITING[of] ? undefined : LATER;
}

export const LATER: Refusal = { error: 'SERVER_UNAVAILABLE', detail: { retry_after_ms: 1_000 } };

/**
 * A conversation with more devices than fit into the transaction of a message is delivered from the outbox. It goes back
 * when its outbox is empty, which only the fan-out knows: so nothing overtakes anything.
 */
export function outgrow(conversation: Conversation, { maxInlineDevices }: Policy): void {
  if (conversation.devices.size > maxInlineDevices) conversation.fanout = 'outbox';
}
