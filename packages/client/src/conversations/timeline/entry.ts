import type { FileInfo } from '../../api/content.ts';
import type { MissingReason, Notice } from '../../api/index.ts';
import type { TextBody } from '../../content/types.ts';

/** A line of a conversation as stored. */
export type Entry = {
  readonly id: string;
  readonly from: string;
  readonly deviceId: string;
  readonly sentAtMs: number;
  /** Absent until the server has stored an own message, or delivered one that came early. */
  readonly place?: number;
  /** Received directly from its sender; replaced by the server's copy. */
  readonly isEarly?: true;
  readonly body: EntryBody;
  readonly replyTo?: string;
  readonly threadId?: string;
  readonly editedAtMs?: number;
  readonly reactions?: Readonly<Record<string, string>>;
  /** Places of the newest stored changes: of its text under an empty key, of reactions under the ids of their users. */
  readonly changed?: Readonly<Record<string, number>>;
  /** Unix seconds. */
  readonly expiresAt?: number;
  /** Name of the error with which it failed. */
  readonly failure?: string;
};

export type EntryBody =
  | ({ readonly type: 'text'; readonly format: 'plain' | 'markdown' } & TextBody)
  | ({ readonly type: 'file' } & FileInfo)
  | { readonly type: 'deleted' }
  | { readonly type: 'notice'; readonly notice: Notice }
  | {
      readonly type: 'missing';
      readonly reason: MissingReason;
      readonly count: number;
      /** What to ask the sender for, and how often it was asked. */
      readonly clientSeq?: number;
      readonly asked?: number;
    }
  | { readonly type: 'unknown'; readonly contentType: string };

/** How often the sender of a missing message is asked. */
export const MAX_ASKED = 3;

export type MissingEntry = Entry & { body: Extract<EntryBody, { type: 'missing' }> };

export function isMissing(entry: Entry | undefined): entry is MissingEntry {
  return entry?.body.type === 'missing';
}

/** What counts as a message to a person: not notices, not placeholders for missing ones. */
export function isSaid({ body }: Entry): boolean {
  return body.type === 'text' || body.type === 'file' || body.type === 'unknown';
}
