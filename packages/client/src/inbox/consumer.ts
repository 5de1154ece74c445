import type { Downstream, GroupOperationName } from '@securechat/protocol';
import type { Change } from '../storage/store.ts';

export type MailboxItem = Downstream<'chat' | GroupOperationName | 'history_truncated'>;
export type Watermarks = Omit<Downstream<'receipt'>, 'type'>;

/** What takes in the mailbox, one item after the other. */
export interface InboxConsumer {
  /**
   * `commit` writes these changes together with the cursor behind this item; it is called once, and what happens between
   * the reading of a conversation's state and the end of `commit` happens under its lock. When the call fails without having
   * committed, the item comes again later, and nothing behind it before: only what is expected to pass (no connection to
   * ask for a device list, a signal) may fail.
   */
  take(item: MailboxItem, commit: (changes: readonly Change[]) => Promise<void>): Promise<void>;
  /** Marks of members, newest known; the server repeats them at will. */
  watermarks(marks: readonly Watermarks[]): Promise<void>;
  /** Places of the mailbox that did not come although nothing says that they expired. */
  gap(missing: { from: number; through: number }): void;
  /** The last page has come: everything that was sent before the last `resume` is here. */
  caughtUp(): void;
}
