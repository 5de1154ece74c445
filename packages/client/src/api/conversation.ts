import type { Content, FileInfo, Message, Role, SendOptions } from './content.ts';
import type { AbortOptions, WaitOptions } from './options.ts';

export type Member = {
  readonly userId: string;
  readonly role: Role;
  /** Ids of the devices that hold keys of the conversation; established cryptographically, not reported by the server. */
  readonly devices: readonly string[];
  /** Up to which `Message.place` the member has received and read; 0 if unknown. Reported by the server, not verifiable. */
  readonly deliveredThrough: number;
  readonly readThrough: number;
};

/** `count`: messages in it, capped at 1,000. `unread`: messages of others after this user's read mark of the thread. */
export type Thread = { readonly threadId: string; readonly count: number; readonly unread: number };

/**
 * A direct conversation of two users, or a group. A live view: when its properties change, the client emits `conversation`. Methods that
 * send content resolve once it is durable on this device, with or without a connection; `Message.status` tells the rest. They
 * reject with a `SecureChatError`: `CannotDo` when not a member or the message is unknown, `OutboxFull` when too much is waiting.
 * Methods that take `WaitOptions` resolve when the server has accepted the operation; `CannotDo` also means that the role does not allow it.
 */
export interface Conversation {
  readonly id: string;
  readonly kind: 'direct' | 'group';
  /** Name of a group, end-to-end encrypted. Empty if it has none. */
  readonly name: string;
  /** Id of the other user in a direct conversation. */
  readonly peer: string | undefined;
  /** User ids of all members, including this user; established cryptographically, not reported by the server. */
  readonly memberIds: readonly string[];
  readonly ownRole: Role;
  /** False after leaving or being removed: the conversation can be read, but nothing can be sent. */
  readonly isMember: boolean;
  /** A stranger started it: show it separately until `accept()` or `block()`. Until then no read receipts are sent. */
  readonly isRequest: boolean;
  /**
   * False as long as a stranger who started a conversation of two has said nothing: leave it out of lists. Joining a group by a link starts
   * one with the link's maker.
   */
  readonly isListed: boolean;
  /** Whether this account blocks the peer, wherever that was changed last. */
  readonly isBlocked: boolean;
  readonly isMuted: boolean;
  /** This device can no longer follow it: messages wait and operations fail with `CannotDo` until somebody allowed to calls `restart()`. */
  readonly isStuck: boolean;
  /** Messages of others after this user's read mark, not counting threads. */
  readonly unread: number;
  readonly last: Message | undefined;
  /** Unix time in ms of the newest message, by its sender's clock; without one, of the creation. */
  readonly activeAtMs: number;

  /** Rejects with `BadContent` for a blank text or one over 24,000 UTF-16 units. Accepts the conversation if it is a request. */
  send(content: string | Content, options?: SendOptions): Promise<Message>;
  /** Sends a file that is already uploaded; `send` of `@securechat/client/files` uploads and then calls this. */
  share(file: FileInfo, options?: SendOptions): Promise<Message>;
  /** Own text messages that are stored; else `CannotDo`. */
  edit(messageId: string, content: string | Content): Promise<void>;
  /** Own messages that are stored; owners and admins of a group also those of others. Else `CannotDo`. */
  deleteForEveryone(messageId: string): Promise<void>;
  /** `emoji`: exactly one, else `BadContent`; it replaces this user's reaction to the message, `undefined` removes it. */
  react(messageId: string, emoji: string | undefined): Promise<void>;
  /**
   * Sends a failed message again under a new id, which replaces it. `CannotDo` if it has not failed. If the peer has only new devices by now,
   * after a recovery, the conversation starts over before.
   */
  retry(messageId: string): Promise<Message>;

  /**
   * A page, oldest first: the newest `limit` messages (default 50, at most 200), or those just before the message `before`. Without `threadId`
   * only messages outside threads. Rejects with `CannotDo` when `before` is unknown.
   */
  messages(options?: { before?: string; limit?: number; threadId?: string }): Promise<Message[]>;
  message(messageId: string): Promise<Message | undefined>;
  /** Marks everything up to and including this message as read; with `threadId`, within that thread. */
  markRead(messageId: string, options?: { threadId?: string }): Promise<void>;
  /** All threads, from at most 10,000 messages in threads. The event `thread` reports changes. */
  threads(): Promise<Thread[]>;
  mute(isMuted: boolean): Promise<void>;

  members(): readonly Member[];
  /**
   * Groups only, by owners and admins. At most 100 users at once; each needs a device that has connected before. A member who came back by the
   * recovery code, and holds no keys here, is removed and added again, as a plain member; for one whom this user may not remove it rejects with
   * `CannotDo`, and `restart` helps. Other members are left alone.
   */
  add(userIds: readonly string[], wait?: WaitOptions): Promise<void>;
  /** By owners (admins and members) and admins (members). To remove this user, call `leave`. */
  remove(userId: string, wait?: WaitOptions): Promise<void>;
  leave(wait?: WaitOptions): Promise<void>;
  /** By owners and admins. At most 256 UTF-16 units, else `RangeError`. */
  rename(name: string, wait?: WaitOptions): Promise<void>;
  /** By owners. An admin may also make itself a member. */
  setRole(userId: string, role: Role, wait?: WaitOptions): Promise<void>;
  /**
   * Starts the conversation over with new keys; messages stay. In a group only by owners and admins. A last resort, for `isStuck` and
   * for operations that fail with `CannotDo` because keys are lost.
   */
  restart(wait?: WaitOptions): Promise<void>;

  /** Turns a request into an ordinary conversation. */
  accept(): Promise<void>;
  /** Direct conversations only, else `CannotDo`. The server then refuses messages both ways; the peer is not told. Needs a connection. */
  block(options?: AbortOptions): Promise<void>;
  unblock(options?: AbortOptions): Promise<void>;
}
