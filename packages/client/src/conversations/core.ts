import type { E2eeEngine, OwnDevice } from '@securechat/crypto/e2ee';
import type { Alarm, Profile } from '../api/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { Bodies, OwnBody } from '../content/types.ts';
import type { OutboxLanes } from '../outbox/sealer.ts';
import type { Store } from '../storage/store.ts';
import type { Arrival } from './contents/apply.ts';
import type { People } from './people.ts';
import type { Registry } from './registry.ts';

type Plaintext = Uint8Array<ArrayBuffer>;

/** How this client behaves; see `ClientOptions`. */
export type Settings = {
  readonly readReceipts: boolean | undefined;
  readonly rotateAfterMessages: number;
  readonly rotateAfterMs: number;
  readonly dummiesPerHour: number;
  readonly maxDelayMs: number;
  readonly isCompressing: boolean;
};

/** A device, and what it could not come into. */
export type Outsider = { readonly by: Arrival; readonly told: Bodies['application/x-securechat-outside'] };

/** What people are told, once it is durable. */
export type Teller = {
  message(conversationId: string, messageId: string, isNew: boolean): void;
  /** `threadId`: of the thread that it was in. */
  vanished(conversationId: string, messageId: string, threadId?: string): void;
  /** Another number of its messages is unread. */
  thread(conversationId: string, threadId: string): void;
  receipt(conversationId: string, userId: string): void;
  profile(userId: string, profile: Profile): void;
  alarm(alarm: Alarm): void;
  /** What another device of this account has said to this one. */
  own(told: OwnBody): void;
  /** A device wants to be let in again; without one it is this device. */
  lettingIn(outsider?: Outsider): void;
  /** Resolves when everything that was to be told until now has been. */
  settled(): Promise<void>;
  count(event: 'undecryptable' | 'repairsAsked' | 'repairsAnswered' | 'repaired'): void;
};

/** What everything about conversations works with. */
export type Core = {
  readonly own: OwnDevice;
  readonly store: Store;
  readonly connection: Pick<Connection, 'request' | 'send' | 'state'>;
  readonly engine: E2eeEngine;
  readonly registry: Registry;
  /** Opened last, by whoever puts all of this together. */
  outbox: OutboxLanes;
  readonly people: People;
  /** What this device was shown of the log of device lists, and others; there once it was looked at. */
  keyLog?: {
    /** The plaintext, with what was shown here where that is due and no longer to be seen by its size. */
    tell(conversationId: string, encode: (keyLog?: string) => Promise<Plaintext>): Promise<Plaintext>;
    compare(userId: string, told: string): void;
  };
  readonly settings: Settings;
  readonly tell: Teller;
  /** Unix time, in ms. */
  readonly now: () => number;
};
