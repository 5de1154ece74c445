import type { GroupOperationName } from '@securechat/protocol';
import type { KeyPlace } from '../outbox/key-place.ts';
import type { Address, Log } from './membership/log.ts';
import type { Operation } from './membership/operation.ts';

/** What a device stores about a conversation besides messages and keys. */
export type ConversationRecord = {
  readonly id: string;
  /** `own`: the hidden conversation among this account's devices. */
  readonly purpose: 'people' | 'own';
  /** The other user of a direct conversation. */
  readonly peer?: string;
  readonly name: string;
  readonly log: Log;
  readonly membership: 'member' | 'left' | 'removed';
  /**
   * `seen`: an operation was rejected here that the server may have accepted. `stuck`: it has, and continues from a state that nobody
   * here can follow; nothing can be sent until a restart.
   */
  readonly parted?: 'seen' | 'stuck' | undefined;
  readonly isRequest: boolean;
  readonly isMuted: boolean;
  /** Where this device joined, and the newest known place. */
  readonly joinedPlace: number;
  readonly lastPlace: number;
  readonly activeAtMs: number;
  /** When this epoch began here (Unix ms), and its number of messages. */
  readonly epochSinceMs: number;
  readonly epochMessages: number;
  /** A device that was added first commits keys of its own before it sends anything. */
  readonly isLeafFresh: boolean;
  /** Epochs ended by own commits: their keys are needed for messages placed before `endsAt` that have not arrived. */
  readonly past: readonly PastEpoch[];
  readonly pending?: PendingOperation;
  /** The queued commit without which something cannot be sent. */
  readonly dueCommit?: string;
  /** `client_seq` of each device's newest message. */
  readonly heard: Readonly<Record<Address, number>>;
  /** The keys with which devices came in after this one, and this one itself, which may not be here for the first time. */
  readonly since: Readonly<Record<Address, KeyPlace>>;
  /** Number of the next own message without a place. */
  readonly nextLocal: number;
  readonly marks: Readonly<Record<string, Marks>>;
  readonly readThrough: number;
  readonly unread: number;
  readonly threadReads: Readonly<Record<string, number>>;
  /** Position of the newest visible message. */
  readonly lastPosition?: string;
};

type PastEpoch = { readonly generation: number; readonly epoch: number; readonly endsAt: number };
type Marks = { readonly deliveredThrough: number; readonly readThrough: number };

/** An own operation whose outcome is unknown. `leaves`: the devices after its commit. */
export type PendingOperation<N extends GroupOperationName = GroupOperationName> = {
  readonly operation: Operation<N>;
  readonly digest: string;
  readonly leaves?: Readonly<Record<Address, string>>;
  readonly newName?: string;
};

/** More epochs than these end by own commits only while the network fails; the oldest is then dropped. */
export const MAX_PAST_EPOCHS = 4;

export const keysOf = {
  record: (id: string) => `conversation/${id}`,
  epoch: (id: string, generation: number, epoch: number) => `keys/${id}/${generation}.${epoch}`,
  pending: (id: string) => `keys/${id}/pending`,
  /** The operation creating a conversation, while its outcome is unknown. */
  creation: (id: string) => `creation/${id}`,
  intent: (id: string, itemId: string) => `intent/${id}/${itemId}`,
  /** Own sent contents by `client_seq`, for repairs. */
  sent: (id: string, clientSeq: number | '') => `sent/${id}/${clientSeq}`,
  /** Missing messages to ask for. */
  wanted: (id: string, messageId: string) => `wanted/${id}/${messageId}`,
  /** When a device was added again at its request. */
  letIn: (id: string, address: string) => `let-in/${id}/${address}`,
  repairBudget: (id: string, address: string) => `repairs/${id}/${address}`,
  message: (id: string, position: string) => `message/${id}/${position}`,
  position: (id: string, messageId: string) => `position/${id}/${messageId}`,
  threads: (id: string) => `thread/${id}/`,
  thread: (id: string, threadId: string, position: string) => `thread/${id}/${threadId}/${position}`,
  expiry: (id: string, expiresAt: string, messageId: string) => `expiry/${expiresAt}/${id}/${messageId}`,
};
