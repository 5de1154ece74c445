import type { Transport } from '../connection/transport.ts';
import type { Store } from '../storage/store.ts';
import type { Client } from './client.ts';

/** `https://chat.example` when one origin serves everything; else `http`: URL of the auth service, `socket`: `ws(s)://` URL of a gateway. */
export type ServerAddress = string | { readonly http: string; readonly socket: string };

/**
 * How long to wait for an operation. At the deadline it rejects with `RequestTimedOut`, on abort with the signal's reason. Neither cancels it:
 * it stays in the outbox and is carried out once possible. When the client ends or is closed, it rejects with `NotConnected`.
 */
export type WaitOptions = {
  signal?: AbortSignal;
  /** Default: 300,000 (five minutes). */
  deadlineMs?: number;
};

/** Aborting rejects with the signal's reason and only ends the wait: the request may still take effect. There is a deadline either way. */
export type AbortOptions = { signal?: AbortSignal };

/**
 * off       no dummies, no delay
 * standard  12 dummies an hour; messages are delayed by up to 1 s
 * high      120 dummies an hour; messages are delayed by up to 10 s
 */
export type TrafficProfile = 'off' | 'standard' | 'high';

export type TrafficCover = {
  /** Average number of empty messages, sent at random times while connected; 0 to 3,600. They count against the server's rate limits. */
  readonly dummiesPerHour: number;
  /** Each message is held back for a random time up to this; 0 to 60,000. */
  readonly maxDelayMs: number;
};

/** Only `store` is required. A number out of range is a `RangeError`. */
export type ClientOptions = {
  /** Holds everything the device keeps: keys, messages, outbox. One account and one open client per store. */
  store: Store;
  /** Default: WebSocket. */
  transport?: Transport;
  /**
   * Whether to send read receipts. Applies to all devices of the account; the latest choice on any of them wins. Default: leave it as it is,
   * which is true until somebody chooses.
   */
  readReceipts?: boolean;
  /** Rotate the keys of a conversation after this many messages; 1 to 1,000, default 1,000. */
  rotateAfterMessages?: number;
  /** The same by time; 60,000 to 604,800,000 (7 days), default 7 days. */
  rotateAfterMs?: number;
  /** Devices in one group, 2 to 500, default 250; adding more fails with `TooManyDevices`. */
  maxGroupDevices?: number;
  /** Hides from network observers when messages are sent. Default `off`. Sizes are padded in any case. */
  traffic?: TrafficProfile | TrafficCover;
  /** Name of this device as long as it has none (see `Client.nameDevice`), e.g. "Firefox on Linux". Cut after 64 UTF-16 units. */
  deviceName?: string;
  /** Compress contents before encryption: less data, but sizes reveal slightly more. Default false. */
  isCompressing?: boolean;
};

export type SignUpOptions = ClientOptions &
  AbortOptions & {
    server: ServerAddress;
    /** 1 to 64 of `A–Z a–z 0–9 _ -`, not beginning with `c_`. It can never be changed. */
    userId: string;
    /** Default: random. */
    deviceId?: string;
    /** The server's service key in base64, from a trusted source. Default: trust the key the server shows now, and pin it. */
    serviceKey?: string;
    /** Needed where the server's enrolment is by invite. */
    invite?: string;
    /** Needed where the server's enrolment is by token. */
    token?: string;
  };

export type LinkOptions = ClientOptions & {
  /**
   * From `linkCode()` on an existing device of the account. Without it, goes on with a link that was begun in this store and did not end,
   * as when the page was reloaded: the other device may have approved meanwhile. Rejects with `NoAccountHere` if there is none.
   */
  code?: string;
  /** Default: random. */
  deviceId?: string;
};

/**
 * Linking, step 2 of 3, on the new device: pass `code` to `approveLink` on the existing one within five minutes. `done` resolves after that,
 * or rejects, e.g. with `RequestTimedOut` after ten minutes, `AnotherAccount`, or `NotConnected` after `cancel`. That only ends the wait:
 * the device's keys stay in the store for a later `link`, in case the other device approves all the same.
 */
export type Link = { readonly code: string; readonly done: Promise<Client>; cancel(): void };

export type RecoverOptions = Omit<SignUpOptions, 'invite' | 'token'> & {
  /** From `recoveryCode()`. Recovery revokes all other devices. */
  recoveryCode: string;
};

export type OpenOptions = ClientOptions & {
  /**
   * Where the server is now, if it has another address than at the last start; kept in the store. It has to be the same server: another one
   * is `ServerNotGenuine`.
   */
  server?: ServerAddress;
};

/** How to get a `Client`; the package exports it as `SecureChat`. All but `open` reject with `StoreTaken` when the store holds an account. */
export interface SecureChatDoor {
  /**
   * Creates an account with this as its first device. Rejects with `ServerRefused`: `ACCOUNT_CONFLICT` if the name is taken,
   * `PERMISSION_DENIED` without a valid invite or token. If no answer came (`isRetryable`), call it again with the same store.
   */
  signUp(options: SignUpOptions): Promise<Client>;
  /** Opens what an earlier `signUp`, `link` or `recover` left in the store; needs no connection. Rejects with `NoAccountHere` if there is nothing. */
  open(options: OpenOptions): Promise<Client>;
  /** Rejects with `CodeNotReadable`. */
  link(options: LinkOptions): Promise<Link>;
  /** A new device for an account whose devices are lost. Rejects with `CodeNotReadable` for a mistyped code. */
  recover(options: RecoverOptions): Promise<Client>;
}
