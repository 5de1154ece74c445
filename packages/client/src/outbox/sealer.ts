import type { Downstream } from '@securechat/protocol';
import type { Change } from '../storage/store.ts';

/**
 * An item in a conversation's lane. A `chat` takes the next `client_seq`. An `operation` has none: it is sent once everything before it
 * is answered, and nothing after it is sent until it is answered.
 */
export type OutboxItem = {
  readonly id: string;
  readonly conversationId: string;
  readonly kind: 'chat' | 'operation';
};

/** Writes these changes together with the outbox's part of the step. Called at most once. */
export type Commit<Own = void> = (changes: readonly Change[], own: Own) => Promise<void>;

/** A form of an item, and the keys it was made with. */
export type SealedForm = { frame: Uint8Array<ArrayBuffer>; generation: number; epoch: number };

export type SealOptions = {
  /** Of a `chat`. */
  clientSeq: number;
  /** Why the item's earlier form must be replaced; absent the first time. */
  because?: Downstream<'error'>;
  signal: AbortSignal;
};

export type SealOutcome = 'sealed' | 'wait' | 'drop' | { readonly waitMs: number };

/**
 * Makes what the outbox sends, and learns the outcome. Each call gets a `commit`; from its start until `commit` has ended the sealer
 * holds its own lock on the conversation, since a key must not be used twice.
 */
export interface OutboxSealer {
  /**
   * Called right before the first transmission, and whenever the server allows another form, in lane order.
   * `sealed`: `commit` was called with the frame, which is repeated from now on. `wait`: not now; the lane rests until
   * `wake(conversationId)`. `waitMs`: not for this long; items behind it wait too. `drop`: never; `commit` was called without a form,
   * and the item is gone. A failed call is repeated after a while. `commit` fails and writes nothing also when earlier messages are
   * still in flight with other keys: then, as after every failure, whatever was made must be forgotten.
   */
  seal(item: OutboxItem, options: SealOptions, commit: Commit<SealedForm | undefined>): Promise<SealOutcome>;
  /** It was sent, for the first time in this form. */
  transmitted(item: OutboxItem): void;
  /** `commit` removes the item from the lane. */
  stored(item: OutboxItem, ack: Downstream<'ack'>, commit: Commit): Promise<void>;
  /** Refused for good; `commit` removes the item from the lane. */
  refused(item: OutboxItem, error: Downstream<'error'>, commit: Commit): Promise<void>;
}

/** The outbox as conversations use it. */
export interface OutboxLanes {
  /** Changes that put an item at the end of its lane, or before all unsealed items; write them with others, then call `wake`. */
  enqueue(item: OutboxItem, options?: { first?: boolean }): readonly Change[];
  /** Something was enqueued, or what `wait` was for has arrived. */
  wake(conversationId: string): void;
  /** Number of unanswered items, of all lanes or of one. */
  waiting(conversationId?: string): number;
  /** An answer learned in another way: the log's next operation follows ours. Has the effect of an ack. */
  settle(itemId: string, conversationId: string, commit: readonly Change[]): Promise<void>;
}
