import type { Transport } from '../connection/transport.ts';
import type { Store } from '../storage/store.ts';
import type { Client } from './client.ts';

/** `https://chat.example` when one door serves everything, else both doors. */
export type ServerAddress = string | { readonly http: string; readonly socket: string };

/**
 * How long an operation is waited for. Later it rejects with `RequestTimedOut`, or with the signal's reason, and is not taken back:
 * it stays in the outbox, and is done when it can be. It rejects with `NotConnected` when the client ends or is closed.
 */
export type WaitOptions = {
  signal?: AbortSignal;
  /** Default: five minutes. */
  deadlineMs?: number;
};

/** Whoever gives up waiting is told the signal's reason; what was asked for may take effect all the same. Every wait has a deadline besides. */
export type AbortOptions = { signal?: AbortSignal };

/**
 * off       messages leave at once, and nothing else does
 * standard  12 dummies an hour, and messages wait up to a second
 * high      120 dummies an hour, and messages wait up to ten seconds
 */
export type TrafficProfile = 'off' | 'standard' | 'high';

export type TrafficCover = {
  /** Messages that say nothing, on average, at random times while connected; from 0 to 3,600. They count against the server's limits. */
  readonly dummiesPerHour: number;
  /** Each message waits a random time up to this before it is sent; from 0 to 60,000. */
  readonly maxDelayMs: number;
};

/** How a client behaves; all have defaults that suit people. */
export type ClientOptions = {
  /** Only `Store` is needed; everything else is kept in it. */
  store: Store;
  /** Default: WebSocket. */
  transport?: Transport;
  /**
   * Whether others learn what was read. It holds for all devices of the account, and the newest choice of any of them counts.
   * Default: as it was chosen before; true when it never was.
   */
  readReceipts?: boolean;
  /** Fresh keys at the latest after so many messages (default 1,000) or so long (default 7 days). */
  rotateAfterMessages?: number;
  rotateAfterMs?: number;
  /** Devices of an encrypted group. Default 250, at most 500. */
  maxGroupDevices?: number;
  /** How much is done against whoever watches when one writes. Default `off`; sizes are rounded up in any case. */
  traffic?: TrafficProfile | TrafficCover;
  /** Compresses texts before they are encrypted: smaller, but sizes tell a little more. Default false. */
  isCompressing?: boolean;
};

export type SignUpOptions = ClientOptions &
  AbortOptions & {
    server: ServerAddress;
    userId: string;
    /** Default: random. */
    deviceId?: string;
    /** Base64 of the server's key, from a place that one trusts; default: what the server says the first time. */
    serviceKey?: string;
    /** What the server's enrolment asks for. */
    invite?: string;
    token?: string;
  };

export type LinkOptions = ClientOptions & {
  /** What `linkCode()` of an existing device said. */
  code: string;
  deviceId?: string;
};

/** Step 2 of 3, at the new device: show `code` to the existing one; `done` when that one has agreed. */
export type Link = { readonly code: string; readonly done: Promise<Client>; cancel(): void };

export type RecoverOptions = Omit<SignUpOptions, 'invite' | 'token'> & {
  /** All other devices are revoked. */
  recoveryCode: string;
};

/** The ways to a client. `SecureChat` of the package's door is this. */
export interface SecureChatDoor {
  /** A new account with its first device. */
  signUp(options: SignUpOptions): Promise<Client>;
  /** What an earlier `signUp`, `link` or `recover` left in this store. */
  open(options: ClientOptions): Promise<Client>;
  link(options: LinkOptions): Promise<Link>;
  recover(options: RecoverOptions): Promise<Client>;
}
