import type { Entry } from '../conversations/timeline/entry.ts';

/**
 * The exported history: JSON, then gzip, then encryption by whoever transports it. Readers ignore unknown members, so later versions may
 * add some; a server-side vault would hold the same.
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
  /** Each with its position, which sorts them. */
  readonly lines: readonly { readonly position: string; readonly entry: Entry }[];
};
