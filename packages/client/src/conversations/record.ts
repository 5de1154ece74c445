import type { GroupOperationName } from '@securechat/protocol';
import type { KeyPlace } from '../outbox/key-place.ts';
import type { Address, Log } from './membership/log.ts';
import type { Operation } from './membership/operation.ts';

/** What a device remembers of a conversation beside its messages and its keys. */
export type ConversationRecord = {
  readonly id: string;
  /** The conversation of the own devices among themselves is shown to nobody. */
  readonly purpose: 'people' | 'own';
  /** Of a direct conversation: the other user. */
  readonly peer?: string;
  readonly name: string;
  readonly log: Log;
  readonly membership: 'member' | 'left' | 'removed';
  /**
   * `seen`: an operation was refused here, and the server may have taken it. `stuck`: it has, and goes on from what nobody here can
   * follow; nothing can be said before the conversation is started over.
   */
  readonly parted?: 'seen' | 'stuck' | undefined;
  readonly isRequest: boolean;
  readonly isMuted: boolean;
  /** Where this device came in, and the newest place it knows. */
  readonly joinedPlace: number;
  readonly lastPlace: number;
  readonly activeAtMs: number;
  /** When this epoch began here, and how many messages it has had. */
  readonly epochSinceMs: number;
  readonly epochMessages: number;
  /** A device that was brought in makes keys of its own before it says something. */
  readonly isLeafFresh: boolean;
  /** Epochs that an own commit has ended: what stands before `endsAt` and has not come yet needs their keys. */
  readonly past: readonly PastEpoch[];
  readonly pending?: PendingOperation;
  /** The commit that waits in the lane because something cannot be sent without it. */
  readonly dueCommit?: string;
  /** `client_seq` of the newest message of each device. */
  readonly heard: Readonly<Record<Address, number>>;
  /** Keys that devices came in with after this one, and this one itself: it may not be here for the first time. */
  readonly since: Readonly<Record<Address, KeyPlace>>;
  /** Number of the next own message that has no place yet. */
  readonly nextLocal: number;
  readonly marks: Readonly<Record<string, Marks>>;
  readonly readThrough: number;
  readonly unread: number;
  readonly threadReads: Readonly<Record<string, number>>;
  /** Position of the newest message that people see. */
  readonly lastPosition?: string;
};

type PastEpoch = { readonly generation: number; readonly epoch: number; readonly endsAt: number };
type Marks = { readonly deliveredThrough: number; readonly readThrough: number };

/** Our own operation while nobody knows whether it takes effect. `leaves`: what its commit leads to. */
export type PendingOperation<N extends GroupOperationName = GroupOperationName> = {
  readonly operation: Operation<N>;
  readonly digest: string;
  readonly leaves?: Readonly<Record<Address, string>>;
  readonly newName?: string;
};

/** More epochs than these end by own commits only while the network fails us; the oldest is then given up. */
export const MAX_PAST_EPOCHS = 4;

export const keysOf = {
  record: (id: string) => `conversation/${id}`,
  epoch: (id: string, generation: number, epoch: number) => `keys/${id}/${generation}.${epoch}`,
  pending: (id: string) => `keys/${id}/pending`,
  /** The operation that makes a conversation, while nobody knows whether it takes effect. */
  creation: (id: string) => `creation/${id}`,
  intent: (id: string, itemId: string) => `intent/${id}/${itemId}`,
  /** Own contents that were sent, by `client_seq`: for who could not read them. */
  sent: (id: string, clientSeq: number | '') => `sent/${id}/${clientSeq}`,
  /** What is missing and asked for. */
  wanted: (id: string, messageId: string) => `wanted/${id}/${messageId}`,
  /** When a device was let in again that had asked for it. */
  letIn: (id: string, address: string) => `let-in/${id}/${address}`,
  repairBudget: (id: string, address: string) => `repairs/${id}/${address}`,
  message: (id: string, position: string) => `message/${id}/${position}`,
  position: (id: string, messageId: string) => `position/${id}/${messageId}`,
  threads: (id: string) => `thread/${id}/`,
  thread: (id: string, threadId: string, position: string) => `thread/${id}/${threadId}/${position}`,
  expiry: (id: string, expiresAt: string, messageId: string) => `expiry/${expiresAt}/${id}/${messageId}`,
};
