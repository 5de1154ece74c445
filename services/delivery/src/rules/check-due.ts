import { MAX_COMMIT_REMOVALS } from '@securechat/protocol';
import type { Conversation } from '../store/state.ts';
import type { Refusal } from './refusal.ts';

/** Undefined when no device must be removed before the keys may change otherwise. */
export function checkDue({ due, epoch, generation }: Conversation): Refusal | undefined {
  if (due.length === 0) return undefined;
  const removed_devices = due.slice(0, MAX_COMMIT_REMOVALS).map(({ address }) => address);
  return { error: 'COMMIT_REQUIRED', detail: { generation, epoch, removed_devices } };
}
