import type { Downstream } from '@securechat/protocol';
import type { Change } from '../storage/store.ts';

/**
 * What waits in the lane of a conversation. A `chat` takes the next `client_seq`. An `operation` has none: it is sent when
 * everything before it has its answer, and nothing behind it is sent until it has its own.
 */
export type OutboxItem = {
  readonly id: string;
  readonly conversationId: string;
  readonly kind: 'chat' | 'operation';
};

/** Writes these changes in the same write as the outbox's own part of the step. Called once, or not at all. */
export type Commit<Own = void> = (changes: readonly Change[], own: Own) => Promise<void>;

/** A form of an item, and the keys that it was made with. */
export type SealedForm = { frame: Uint8Array<ArrayBuffer>; generation: number; epoch: number };

export type SealOptions = {
  /** Of a `chat`. */
  clientSeq: number;
  /** Why the earlier form of this item has to be made anew; absent the first time. */
  because?: Downstream<'error'>;
  signal: AbortSignal;
};

export type SealOutcome = 'sealed' | 'wait' | 'drop' | { readonly waitMs: number };

/**
 * Makes what the outbox sends, and is told what became of it. Each call gets a `commit`; what the sealer does between
 * its call and the end of `commit` it does under its own lock of the conversation, since a key must not be used twice.
 */
export interface OutboxSealer {
  /**
   * Called right before the first transmission and whenever the server allows another form, in the order of the lane.
   * `sealed`: `commit` has been called with the frame, which is repeated from now on. `wait`: not now; the lane rests until
   * `wake(conversationId)`. `waitMs`: not before so long; what stands behind it waits with it. `drop`: not at all any more; `commit` was called without a form and the item is gone. A call
   * that fails is made again after a while. `commit` itself fails, and nothing is written, also when messages ahead are
   * still on their way under other keys: whatever was made must be forgotten then, as after every failure.
   */
  seal(item: OutboxItem, options: SealOptions, commit: Commit<SealedForm | undefined>): Promise<SealOutcome>;
  /** It went to a connection, for the first time in this form. */
  transmitted(item: OutboxItem): void;
  /** `commit` takes the item out of the lane. */
  stored(item: OutboxItem, ack: Downstream<'ack'>, commit: Commit): Promise<void>;
  /** Refused for good; `commit` takes the item out of the lane. */
  refused(item: OutboxItem, error: Downstream<'error'>, commit: Commit): Promise<void>;
}

/** What the conversations use of the outbox. */
export interface OutboxLanes {
  /** Changes that put an item at the end of its lane, or in front of what is not sealed; to be written with others, and then told by `wake`. */
  enqueue(item: OutboxItem, options?: { first?: boolean }): readonly Change[];
  /** Something was enqueued, or what `wait` waited for has come. */
  wake(conversationId: string): void;
  /** Items without an answer, of all lanes or of one. */
  waiting(conversationId?: string): number;
  /** An answer that came another way: the next operation of the log follows ours. Takes effect like an ack. */
  settle(itemId: string, conversationId: string, commit: readonly Change[]): Promise<void>;
}
