import type { Entry } from '../conversations/timeline/entry.ts';

/**
 * The history as it leaves a device: JSON, then gzip, then encryption by whoever carries it. Readers pass over members that they do not
 * know, so a later version may add some; a server-side vault would hold the same.
 */
export type History = {
  readonly version: 1;
  readonly userId: string;
  readonly conversations: readonly HistoryConversation[];
};

export type HistoryConversation = {
  readonly id: string;
  readonly kind: 'direct' | 'group';
  readonly peer?: string;
  readonly name: string;
  /** With the position of each, which sorts them. */
  readonly lines: readonly { readonly position: string; readonly entry: Entry }[];
};
