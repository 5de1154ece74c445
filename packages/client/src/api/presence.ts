export type Status = 'online' | 'away' | 'busy' | 'offline';

/** `lastSeenMs`: Unix time in ms, rounded down to the hour, when an offline user was last online, if they share it. */
export type PersonStatus = { readonly status: Status; readonly lastSeenMs?: number };

/**
 * Applies to all devices. `statusTo`, who sees this user's status: `nobody`; `direct`: peers of direct conversations this user has
 * written in; `conversations`: also members of common groups.
 */
export type PresencePrivacy = {
  readonly statusTo: 'nobody' | 'direct' | 'conversations';
  readonly lastSeen: 'hidden' | 'hour';
};

export type PresenceEvents = {
  status: PersonStatus & { readonly userId: string };
  typing: { readonly conversationId: string; readonly userId: string; readonly isTyping: boolean };
};

/**
 * Who is online and who is typing. Not encrypted: the server reports it and could invent it. Nothing is sent or queried until the app
 * does so here. On a server without presence everybody is `offline`.
 */
export interface Presence {
  /** Returns a function that removes the listener. */
  on<E extends keyof PresenceEvents>(event: E, listener: (value: PresenceEvents[E]) => void): () => void;

  /** This device's status, kept across reconnects. A user's status combines those of all devices; `busy` on one wins. */
  show(status: Status): void;
  /** Replaces the users the event `status` reports on; at most 200, else `RangeError`. */
  watch(userIds: readonly string[]): void;
  /** `offline` for a user who is not watched, and for all without a connection. */
  of(userId: string): PersonStatus;
  /** Changes the given settings; resolves with all of them as they are now. Needs a connection. */
  privacy(change?: Partial<PresencePrivacy>): Promise<PresencePrivacy>;

  /** Call it on every change of the draft: it is sent at most every 3 s, and expires for the others after 5 s. */
  typing(conversationId: string, isTyping: boolean): void;
  /** Ids of the users typing there now. */
  typists(conversationId: string): readonly string[];
}
