import type { Downstream, GroupOperationName } from '@securechat/protocol';
import type { Change } from '../storage/store.ts';

export type MailboxItem = Downstream<'chat' | GroupOperationName | 'history_truncated'>;
export type Watermarks = Omit<Downstream<'receipt'>, 'type'>;

/** Processes mailbox items one at a time. */
export interface InboxConsumer {
  /**
   * `commit` writes these changes together with the cursor after this item; call it once, holding the conversation's lock from reading
   * its state until `commit` has ended. If the call fails without committing, the item is retried later, and none after it before: so
   * fail only for what passes (no connection for a device list, a signal).
   */
  take(item: MailboxItem, commit: (changes: readonly Change[]) => Promise<void>): Promise<void>;
  /** Members' marks as the server knows them; it repeats them at will. */
  watermarks(marks: readonly Watermarks[]): Promise<void>;
  /** Mailbox positions that did not arrive and did not expire. */
  gap(missing: { from: number; through: number }): void;
  /** The last page has arrived: everything sent before the last `resume` is here. */
  caughtUp(): void;
}
