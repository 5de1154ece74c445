import type { Bodies } from '../content/types.ts';
import type { Entry } from '../conversations/timeline/entry.ts';

/**
 * The exported history: JSON, then gzip, then encryption by whoever transports it. Readers ignore unknown members, so later versions may
 * add some; a server-side vault would hold the same.
 */
export type History = {
  readonly version: 1;
  readonly userId: string;
  readonly conversations: readonly HistoryConversation[];
  /** What people say of themselves, as bodies of profile contents. */
  readonly profiles?: readonly HistoryProfile[];
};

export type HistoryProfile = {
  readonly userId: string;
  readonly profile: Bodies['application/x-securechat-profile'];
};

export type HistoryConversation = {
  readonly id: string;
  readonly kind: 'direct' | 'group';
  readonly peer?: string;
  readonly name: string;
  /** Whether somebody of this account has accepted it, and how far it was read; absent in exports of earlier versions. */
  readonly isRequest?: boolean;
  readonly readThrough?: number;
  readonly threadReads?: Readonly<Record<string, number>>;
  /** Each with its position, which sorts them. */
  readonly lines: readonly { readonly position: string; readonly entry: Entry }[];
};
