import type { PresenceStatus } from '@securechat/protocol';

/** Whom a connection watches. Replaced with every list that the client sends. */
export type Watching = {
  readonly names: readonly string[];
  /** By user number, the users whom it may see. */
  seen: Map<number, string>;
  /** By name, what the client was last told; a missing one counts as offline. */
  readonly shown: Map<string, PresenceStatus>;
  /** When presence is asked again, by the monotonic clock. */
  renewAtMs: number;
};

/** What a connection has said about itself, and whom it watches. */
export class Standing {
  /** Not shown to anyone until the client reports something. */
  status: PresenceStatus | undefined;
  /** When presence was last told, by the monotonic clock. */
  reportedAtMs = Number.NEGATIVE_INFINITY;
  watching: Watching | undefined;
}
