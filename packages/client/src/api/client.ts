import type { SecureChatError } from '../errors.ts';
import type { Message } from './content.ts';
import type { Conversation, Thread } from './conversation.ts';
import type { AbortOptions, WaitOptions } from './options.ts';
import type { Presence } from './presence.ts';

export type ConnectionState = 'disconnected' | 'connecting' | 'authenticating' | 'connected';

/** `changed`: the account has another key than the one pinned. Nothing is sent before `acceptKeyChange`. */
export type Trust = 'new' | 'pinned' | 'verified' | 'changed';

export type Identity = {
  readonly userId: string;
  readonly trust: Trust;
  /** 60 digits, the same on both sides: to be compared by voice. Of a changed key those of the new one. */
  readonly safetyNumber: string;
  /** The same as text for a QR code, for `verifyScanned`. */
  readonly qr: string;
  readonly devices: readonly OwnDevice[];
};

export type OwnDevice = { readonly deviceId: string; readonly createdAtMs: number; readonly isThis: boolean };

/** What a person tells about themselves, end-to-end encrypted. `avatar`: JPEG, PNG or WebP of at most 16 KiB. */
export type Profile = { displayName?: string; statusText?: string; avatar?: Uint8Array };

/**
 * Something is wrong, and a person may have to know. Never silent: each is also counted in `stats`.
 * `detail` is for logs and holds no content.
 */
export type Alarm = {
  readonly type:
    | 'key-change' // the account key of `userId` is another
    | 'rogue-device' // somebody tried to bring in a device that the account has not certified
    | 'fork' // members were shown different histories of the conversation
    | 'gap' // places of the conversation or of the mailbox were left out
    | 'replay' // something was delivered twice under different names
    | 'bad-signature' // not by who it says
    | 'forbidden' // an operation by somebody whose role does not allow it
    | 'undecryptable' // its sender has been asked for it
    | 'key-log' // the server shows this device other device lists than others, or has logged one that does not belong there
    | 'unreadable-history'; // what another own device has sent of it; it can be carried over as a file
  readonly conversationId?: string;
  readonly userId?: string;
  readonly deviceId?: string;
  readonly messageId?: string;
  readonly detail: string;
};

export type ClientEvents = {
  state: ConnectionState;
  /** It could not connect, or the connection was lost, and why; the next attempt follows after `retryInMs`. */
  failure: { error: SecureChatError; retryInMs: number };
  /** Something of its summary has changed, or it is new. */
  conversation: Conversation;
  /** `isNew`: it came in or was sent just now; else its text, reactions or status have changed. */
  message: { conversation: Conversation; message: Message; isNew: boolean };
  /** It has expired or been deleted locally. */
  vanished: { conversation: Conversation; messageId: string };
  /** Something came into a thread, left it, or was read in it, here or on another device of this account. */
  thread: { conversation: Conversation; thread: Thread };
  /** How far a member has received and read. */
  receipt: { conversation: Conversation; userId: string };
  /** Somebody unknown has said something for the first time, or has made one a member of a group. */
  request: Conversation;
  /** Messages that the server has not stored yet. */
  outbox: { waiting: number };
  profile: { userId: string; profile: Profile };
  alarm: Alarm;
  /**
   * It is over with this client, e.g. because this device was revoked: whatever waits for the server rejects with `NotConnected`, whose
   * cause is this. What is here can be read, and what is said waits for a later client; close this one.
   */
  ended: Error;
};

/** Totals since the client was opened. */
export type Stats = {
  readonly undecryptable: number;
  readonly repairsAsked: number;
  readonly repairsAnswered: number;
  readonly repaired: number;
  readonly alarms: Readonly<Partial<Record<Alarm['type'], number>>>;
};

/** One device of one account. Got by `SecureChat.signUp`, `open`, `link` or `recover`. */
export interface Client {
  readonly me: { readonly userId: string; readonly deviceId: string };
  readonly state: ConnectionState;
  readonly stats: Stats;
  /** What is written here and not stored by the server yet. */
  readonly waiting: number;
  /** Whether others learn what this account has read, as the server said with the newest connection. */
  readonly sharesReading: boolean | undefined;
  /** Returns what takes the listener away again. */
  on<E extends keyof ClientEvents>(event: E, listener: (value: ClientEvents[E]) => void): () => void;

  /** From now on it is online whenever it can be, until `close` or `ended`; then this throws `NotConnected`. */
  connect(): void;
  /**
   * Resolves when others can begin a conversation with this device, also while it is away: keys for them are at the server.
   * That happens by itself while it is connected; await it before closing a device that is new.
   */
  reachable(options?: AbortOptions): Promise<void>;
  /** The network has changed, or a person is looking: try at once. */
  nudge(): void;
  /** Says goodbye and closes the store. */
  close(): Promise<void>;

  /** Newest first. */
  conversations(): Conversation[];
  conversation(id: string): Conversation | undefined;
  /** The conversation with this user: the one that there is, or a new one. Needs a connection for a new one. */
  direct(userId: string, wait?: WaitOptions): Promise<Conversation>;
  createGroup(
    options: { name?: string; members: readonly string[] },
    wait?: WaitOptions,
  ): Promise<Conversation>;

  /** What is known of a user; asks the server about one who was never seen. */
  identity(userId: string, options?: AbortOptions): Promise<Identity>;
  /** Two people have compared their safety numbers. */
  markVerified(userId: string): Promise<void>;
  /** The text of the other's QR code; marks as verified when it fits, else rejects. */
  verifyScanned(userId: string, qr: string): Promise<void>;
  /** The only way on after `changed`. */
  acceptKeyChange(userId: string): Promise<void>;

  /** Own profile, told to everybody one talks to. */
  setProfile(profile: Profile): Promise<void>;
  profile(userId: string): Profile;

  /** Who is there and who writes; the same object each time. Loaded when it is asked for. */
  presence(): Promise<Presence>;

  /** Own devices. */
  devices(options?: AbortOptions): Promise<readonly OwnDevice[]>;
  revoke(deviceId: string, options?: AbortOptions): Promise<void>;
  /** Step 1 of 3, here: a code that the new device takes in (`SecureChat.link`). Good for ten minutes. */
  linkCode(): Promise<string>;
  /** Step 3 of 3, here again: the code that the new device shows. History follows by itself. */
  approveLink(code: string, options?: AbortOptions): Promise<void>;
  /** The account key, to be written down: whoever has it has the account. */
  recoveryCode(): Promise<string>;

  /** All conversations, encrypted under the passphrase. What has expired is not in it. */
  exportHistory(passphrase: string): Promise<Uint8Array>;
  /** Adds what is missing here; returns how many messages that was. */
  importHistory(file: Uint8Array, passphrase: string): Promise<number>;
}
