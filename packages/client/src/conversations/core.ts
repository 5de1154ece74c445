import type { E2eeEngine, OwnDevice } from '@securechat/crypto/e2ee';
import type { Alarm, Profile } from '../api/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { Bodies } from '../content/types.ts';
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
  readonly deviceName: string | undefined;
};

/** A device, and the conversation whose welcome it could not open. */
export type Outsider = { readonly by: Arrival; readonly told: Bodies['application/x-securechat-outside'] };

/** Reports what happened, once it is durable. */
export type Teller = {
  message(conversationId: string, messageId: string, isNew: boolean): void;
  /** `threadId`: the thread it was in. */
  vanished(conversationId: string, messageId: string, threadId?: string): void;
  /** The thread's unread count changed. */
  thread(conversationId: string, threadId: string): void;
  receipt(conversationId: string, userId: string): void;
  profile(userId: string, profile: Profile): void;
  alarm(alarm: Alarm): void;
  /** Another device of this account has told something, which is stored. */
  own(): void;
  /** Names of this account's devices changed. */
  devices(): void;
  /** A device asks to be added again; without `outsider`, this device has to ask. */
  lettingIn(outsider?: Outsider): void;
  /** Resolves when everything reported so far has been delivered. */
  settled(): Promise<void>;
  count(event: 'undecryptable' | 'repairsAsked' | 'repairsAnswered' | 'repaired'): void;
};

/** What all conversation code works with. */
export type Core = {
  readonly own: OwnDevice;
  readonly store: Store;
  readonly connection: Pick<Connection, 'request' | 'send' | 'state'>;
  readonly engine: E2eeEngine;
  readonly registry: Registry;
  /** Set last, when everything else is put together. */
  outbox: OutboxLanes;
  readonly people: People;
  /** Users whom this account blocks at the server, as this device knows them. Changed only by `view/blocking.ts`. */
  readonly blocked: Set<string>;
  /** What this device and others were shown of the key log; set once the log has been checked. */
  keyLog?: {
    /** Encodes the plaintext, adding what was shown here when that is due and the padding hides its size. */
    tell(conversationId: string, encode: (keyLog?: string) => Promise<Plaintext>): Promise<Plaintext>;
    compare(userId: string, told: string): void;
  };
  readonly settings: Settings;
  readonly tell: Teller;
  /** Unix time in ms. */
  readonly now: () => number;
};
