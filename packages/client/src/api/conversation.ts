import type { Content, FileInfo, Message, Role, SendOptions } from './content.ts';
import type { AbortOptions, WaitOptions } from './options.ts';

export type Member = {
  readonly userId: string;
  readonly role: Role;
  /** Device ids by which the member takes part, from the keys and not from the server's word. */
  readonly devices: readonly string[];
  /** Places up to which the member has received and read. The server's word. */
  readonly deliveredThrough: number;
  readonly readThrough: number;
};

/** `count`: messages in it, at most 1,000. `unread`: those of others behind the own read mark of the thread. */
export type Thread = { readonly threadId: string; readonly count: number; readonly unread: number };

/**
 * A conversation of two people or a group. A live view: the properties change, and the client's event `conversation` says
 * when. Every method that sends resolves when the matter is durable on this device, also without a connection, and
 * rejects with a `SecureChatError`. Operations on members resolve when the server has accepted them, and are waited for as
 * `WaitOptions` say.
 */
export interface Conversation {
  readonly id: string;
  readonly kind: 'direct' | 'group';
  /** Of a group; it is encrypted. Empty when nobody has named it. */
  readonly name: string;
  /** The other user of a direct conversation. */
  readonly peer: string | undefined;
  /** User ids of all members, oneself among them; from the keys and not from the server's word. */
  readonly memberIds: readonly string[];
  readonly ownRole: Role;
  /** False after one has left or was removed: it can be read, and nothing can be sent. */
  readonly isMember: boolean;
  /** A stranger has begun it: show it apart until `accept()` or `block()`. No read receipts are sent meanwhile. */
  readonly isRequest: boolean;
  /** By this account. What another device of it has changed is known here from the next connection on. */
  readonly isBlocked: boolean;
  readonly isMuted: boolean;
  /** It cannot go on: what is sent waits, and operations fail with `CannotDo`, until somebody who may calls `restart()`. */
  readonly isStuck: boolean;
  /** Messages of others behind the own read mark, threads not counted. */
  readonly unread: number;
  readonly last: Message | undefined;
  /** When something was said last, in ms. */
  readonly activeAtMs: number;

  /** Throws `BadContent` for a text of nothing but spaces, and for more than 24,000 UTF-16 units. */
  send(content: string | Content, options?: SendOptions): Promise<Message>;
  /** Tells the members of a file that is at the server. `send` of the part `files` does that when it has sent one. */
  share(file: FileInfo, options?: SendOptions): Promise<Message>;
  /** Of own messages. */
  edit(messageId: string, content: string | Content): Promise<void>;
  /** Of own messages; of others in a group for owners and admins. */
  deleteForEveryone(messageId: string): Promise<void>;
  /** One emoji, else `BadContent`; `undefined` takes the own reaction back. One for each user and message. */
  react(messageId: string, emoji: string | undefined): Promise<void>;
  /** Sends a message that failed once more, under a new id. */
  retry(messageId: string): Promise<Message>;

  /**
   * Oldest first: the newest `limit` (default 50, at most 200), or those before the message `before`. Without `threadId` what
   * is outside of threads.
   */
  messages(options?: { before?: string; limit?: number; threadId?: string }): Promise<Message[]>;
  message(messageId: string): Promise<Message | undefined>;
  /** Everything up to this message is read; with `threadId` in that thread. */
  markRead(messageId: string, options?: { threadId?: string }): Promise<void>;
  /** All threads here; the event `thread` tells what becomes of them. At most 10,000 messages are counted. */
  threads(): Promise<Thread[]>;
  mute(isMuted: boolean): Promise<void>;

  members(): readonly Member[];
  /** In a group, by owners and admins. At most 100 users at once. */
  add(userIds: readonly string[], wait?: WaitOptions): Promise<void>;
  remove(userId: string, wait?: WaitOptions): Promise<void>;
  leave(wait?: WaitOptions): Promise<void>;
  rename(name: string, wait?: WaitOptions): Promise<void>;
  setRole(userId: string, role: Role, wait?: WaitOptions): Promise<void>;
  /**
   * Makes the keys anew: by either of two, in a group by owners and admins. For when nothing else helps, as after an operation that nobody
   * can follow (`CannotDo` of all others).
   */
  restart(wait?: WaitOptions): Promise<void>;

  /** Of a request: it becomes an ordinary conversation. */
  accept(): Promise<void>;
  /** Of a direct conversation: nothing comes or goes any more. The other is not told. */
  block(options?: AbortOptions): Promise<void>;
  unblock(options?: AbortOptions): Promise<void>;
}
