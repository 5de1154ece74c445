import type { PresenceStatus } from '@securechat/protocol';

/** Whom a connection watches. Another object with every list that the client sends. */
export type Watching = {
  readonly names: readonly string[];
  /** By user number, of those whom it may see. */
  seen: Map<number, string>;
  /** By name, what the client was told last; offline where there is none. */
  readonly shown: Map<string, PresenceStatus>;
  /** When presence is to be asked again, by the monotonic clock. */
  renewAtMs: number;
};

/** What a connection has said of itself, and whom it watches. */
export class Standing {
  /** Until the client says something it is not shown to anybody. */
  status: PresenceStatus | undefined;
  /** When presence was told last, by the monotonic clock. */
  reportedAtMs = Number.NEGATIVE_INFINITY;
  watching: Watching | undefined;
}
