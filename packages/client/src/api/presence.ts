export type Status = 'online' | 'away' | 'busy' | 'offline';

/** `lastSeenMs`: the hour in which somebody who is offline was last there, if they let it be known. */
export type PersonStatus = { readonly status: Status; readonly lastSeenMs?: number };

/**
 * `statusTo`: nobody; those with whom one has talked, in a conversation of two that one has said something in; or also everybody in a common group.
 * It holds for all devices.
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
 * Who is there, and who writes: the server's word, which is not encrypted and which it could make up. Nothing is told or asked before
 * an app does so here. Where the server has no presence everybody is offline.
 */
export interface Presence {
  /** Returns what takes the listener away again. */
  on<E extends keyof PresenceEvents>(event: E, listener: (value: PresenceEvents[E]) => void): () => void;

  /** How this device is shown, over all connections until it is said otherwise. A user is as its devices are; `busy` on one holds for all. */
  show(status: Status): void;
  /** Of whom the event `status` tells, in the place of those before; at most 200. */
  watch(userIds: readonly string[]): void;
  of(userId: string): PersonStatus;
  /** Changes what is given; resolves with how it stands. */
  privacy(change?: Partial<PresencePrivacy>): Promise<PresencePrivacy>;

  /** To be called with each change of what is being written; it is told every few seconds at most, and clears by itself. */
  typing(conversationId: string, isTyping: boolean): void;
  /** Who writes there at this moment. */
  typists(conversationId: string): readonly string[];
}
