import type { MissingReason, Notice } from '../../api/index.ts';
import type { FileBody, TextBody } from '../../content/types.ts';

/** A line of a conversation as it is kept. */
export type Entry = {
  readonly id: string;
  readonly from: string;
  readonly deviceId: string;
  readonly sentAtMs: number;
  /** Absent until the server has stored an own message, or has brought one that came early. */
  readonly place?: number;
  /** Its sender has shown it directly; it gives way to what the server brings. */
  readonly isEarly?: true;
  readonly body: EntryBody;
  readonly replyTo?: string;
  readonly threadId?: string;
  readonly editedAtMs?: number;
  readonly reactions?: Readonly<Record<string, string>>;
  /** Unix seconds. */
  readonly expiresAt?: number;
  /** Name of the error for which the server refused it. */
  readonly failure?: string;
};

export type EntryBody =
  | ({ readonly type: 'text'; readonly format: 'plain' | 'markdown' } & TextBody)
  | ({ readonly type: 'file' } & FileBody)
  | { readonly type: 'deleted' }
  | { readonly type: 'notice'; readonly notice: Notice }
  | {
      readonly type: 'missing';
      readonly reason: MissingReason;
      readonly count: number;
      /** What its sender is asked for, and how often it was. */
      readonly clientSeq?: number;
      readonly asked?: number;
    }
  | { readonly type: 'unknown'; readonly contentType: string };

/** Times that the sender of something missing is asked. */
export const MAX_ASKED = 3;

export type MissingEntry = Entry & { body: Extract<EntryBody, { type: 'missing' }> };

export function isMissing(entry: Entry | undefined): entry is MissingEntry {
  return entry?.body.type === 'missing';
}

/** What a person counts: neither notices nor what is missing. */
export function isSaid({ body }: Entry): boolean {
  return body.type === 'text' || body.type === 'file' || body.type === 'unknown';
}
