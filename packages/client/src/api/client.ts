import type { SecureChatError } from '../errors.ts';
import type { Message } from './content.ts';
import type { Conversation, Thread } from './conversation.ts';
import type { AbortOptions, WaitOptions } from './options.ts';
import type { Presence } from './presence.ts';

export type ConnectionState = 'disconnected' | 'connecting' | 'authenticating' | 'connected';

/**
 * `new`: never seen. `pinned`: account key trusted on first use. `verified`: a person compared it. `changed`: the server now shows a
 * different account key; messages to conversations with this user fail with `AccountKeyChanged` until `acceptKeyChange`.
 */
export type Trust = 'new' | 'pinned' | 'verified' | 'changed';

export type Identity = {
  readonly userId: string;
  readonly trust: Trust;
  /** 60 digits, identical on both sides, to compare aloud. After a key change it is computed from the new key. */
  readonly safetyNumber: string;
  /** Text to show as a QR code; the other side passes what it scans to `verifyScanned`. */
  readonly qr: string;
  readonly devices: readonly OwnDevice[];
};

/** `name`: see `Client.nameDevice`. Only devices of this account have one, and only once it is known here. */
export type OwnDevice = {
  readonly deviceId: string;
  readonly name?: string;
  readonly createdAtMs: number;
  readonly isThis: boolean;
};

/**
 * What a user says about themselves, end-to-end encrypted. `displayName`: at most 128 UTF-16 units, `statusText`: 512.
 * `avatar`: a JPEG, PNG or WebP image of at most 16 KiB.
 */
export type Profile = { displayName?: string; statusText?: string; avatar?: Uint8Array };

/** A security or integrity problem that a person may need to know about. Also counted in `stats`. `detail` is for logs; it never holds content. */
export type Alarm = {
  readonly type:
    | 'key-change' // the account key of `userId` has changed
    | 'rogue-device' // an attempt to add a device that its account has not certified
    | 'fork' // the history shown to this device contradicts what it or another member knows
    | 'gap' // positions of the conversation or of the mailbox are missing
    | 'replay' // something already received was delivered again as new
    | 'bad-signature' // not signed by the claimed sender
    | 'forbidden' // an operation that the role of its author does not allow
    | 'undecryptable' // the sender has been asked to send it again
    | 'key-log' // the server shows this device different device lists than it shows others, or has logged an illegitimate one
    | 'unreadable-history'; // history sent by another own device could not be read; move it with `exportHistory` instead
  readonly conversationId?: string;
  readonly userId?: string;
  readonly deviceId?: string;
  readonly messageId?: string;
  readonly detail: string;
};

export type ClientEvents = {
  state: ConnectionState;
  /** Connecting failed or the connection was lost; `error` says why. The client retries by itself after `retryInMs`. */
  failure: { error: SecureChatError; retryInMs: number };
  /** A new conversation, or one whose properties (name, members, unread count, last message, ...) changed. */
  conversation: Conversation;
  /** `isNew`: just received or sent; otherwise the text, reactions or status of a known message changed. */
  message: { conversation: Conversation; message: Message; isNew: boolean };
  /** The message is gone from this device: it expired, or another one took its place (`retry`, a repair). */
  vanished: { conversation: Conversation; messageId: string };
  /** A message was added to a thread or removed from it, or its read mark moved, here or on another own device. */
  thread: { conversation: Conversation; thread: Thread };
  /** A member has received or read further; see `Conversation.members`. */
  receipt: { conversation: Conversation; userId: string };
  /** A stranger has written for the first time, or has added this user to a group. See `Conversation.isRequest`. */
  request: Conversation;
  /** How many items wait here to be stored by the server; the same number as `Client.waiting`. */
  outbox: { waiting: number };
  profile: { userId: string; profile: Profile };
  /** A device of this account was linked, removed or named, here or on another own device; see `Client.devices`. */
  devices: undefined;
  alarm: Alarm;
  /**
   * The client has stopped for good, e.g. because this device was revoked. Everything waiting for the server rejects with `NotConnected`,
   * with this error as its `cause`. Local data stays readable, and messages sent now wait for the next client on this store. Call `close`.
   */
  ended: Error;
};

/** Counts since the client was opened. */
export type Stats = {
  readonly undecryptable: number;
  readonly repairsAsked: number;
  readonly repairsAnswered: number;
  readonly repaired: number;
  readonly alarms: Readonly<Partial<Record<Alarm['type'], number>>>;
};

/** One device of one account. Obtain one from `SecureChat.signUp`, `open`, `link` or `recover`. */
export interface Client {
  readonly me: { readonly userId: string; readonly deviceId: string };
  /** Where this account's server is, as the store says: URLs of the auth service and of a gateway. See `OpenOptions.server`. */
  readonly server: { readonly http: string; readonly socket: string };
  readonly state: ConnectionState;
  readonly stats: Stats;
  /** Messages and operations made on this device that the server has not stored yet. */
  readonly waiting: number;
  /** Whether this account sends read receipts, as the server last reported; `undefined` before the first connection. */
  readonly sharesReading: boolean | undefined;
  /** Returns a function that removes the listener. */
  on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): () => void;

  /** Connects, and reconnects by itself until `close` or the event `ended`. Throws `NotConnected` after either. */
  connect(): void;
  /**
   * Resolves when the server holds enough key packages for others to start conversations with this device while it is offline. The client
   * uploads them by itself once connected; await this only before closing a new device. Rejects with `NotConnected` before `connect`, with
   * `RequestTimedOut` after 30 s without a connection.
   */
  reachable(options?: AbortOptions): Promise<void>;
  /** Call it when the network changed or the app came to the foreground: reconnects, or checks the connection, at once. */
  nudge(): void;
  /** Disconnects and closes the store; calls that wait for the server reject with `NotConnected`. */
  close(): Promise<void>;

  /** Most recently active first. */
  conversations(): Conversation[];
  conversation(id: string): Conversation | undefined;
  /**
   * The conversation with this user, created if there is none; creating one needs a connection. Rejects with `ServerRefused`
   * (`USER_NOT_FOUND`), or with `CannotDo` when no device of theirs has connected yet.
   */
  direct(userId: string, wait?: WaitOptions): Promise<Conversation>;
  /** `name`: at most 256 UTF-16 units. `members`: user ids; this user need not be listed. Rejects as `direct` does. */
  createGroup(
    options: { name?: string; members: readonly string[] },
    wait?: WaitOptions,
  ): Promise<Conversation>;

  /** Asks the server for the newest device list. Offline it returns what is known, and rejects for a user never seen before. */
  identity(userId: string, options?: AbortOptions): Promise<Identity>;
  /** Call it when the two people have compared their safety numbers. Rejects with `AccountKeyChanged` while trust is `changed`. */
  markVerified(userId: string): Promise<void>;
  /** `qr`: the scanned text. Marks the user verified; rejects with `NotTheSame` if keys differ, `CodeNotReadable` for any other code. */
  verifyScanned(userId: string, qr: string): Promise<void>;
  /** Pins the new key after a key change, as not verified. Messages that failed meanwhile can be sent again with `Conversation.retry`. */
  acceptKeyChange(userId: string): Promise<void>;

  /** Stores this user's profile and sends it to all accepted conversations. Rejects with `BadContent` when a field is too long. */
  setProfile(profile: Profile): Promise<void>;
  /** Empty when nothing is known. */
  profile(userId: string): Profile;

  /** Online status and typing. Loaded on first use; always the same object. */
  presence(): Promise<Presence>;

  /** This account's devices. */
  devices(options?: AbortOptions): Promise<readonly OwnDevice[]>;
  /**
   * Names a device of this account, so that people can tell theirs apart; the newest name counts. Only the account's devices learn it,
   * end-to-end encrypted; others once they are online. Rejects with `BadContent` for a blank name or one over 64 UTF-16 units, and with
   * `CannotDo` for a device that is not known here.
   */
  nameDevice(deviceId: string, name: string): Promise<void>;
  /** Rejects with `AccountKeyNotHere` on a linked device that has not received the account key yet; so do the next three. */
  revoke(deviceId: string, options?: AbortOptions): Promise<void>;
  /** Linking, step 1 of 3, on this device: a code for `SecureChat.link` on the new device. Valid for ten minutes. */
  linkCode(): Promise<string>;
  /** Step 3 of 3, on this device: `code` is the `Link.code` shown by the new device. History is transferred in the background. */
  approveLink(code: string, options?: AbortOptions): Promise<void>;
  /** The account key, to keep on paper: whoever has it controls the account. For `SecureChat.recover`. */
  recoveryCode(): Promise<string>;

  /** All conversations, encrypted with the passphrase (at least 8 characters, else `RangeError`). Leaves out expired and unsent messages. */
  exportHistory(passphrase: string): Promise<Uint8Array>;
  /** Adds the messages missing here and returns their number. Rejects with `HistoryNotReadable`, e.g. for a wrong passphrase. */
  importHistory(file: Uint8Array, passphrase: string): Promise<number>;
}
