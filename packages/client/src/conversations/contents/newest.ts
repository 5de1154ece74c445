import type { Content } from '../../content/types.ts';
import { lookUp } from '../../look-up.ts';
import type { Core } from '../core.ts';
import type { Step } from '../step.ts';
import type { Entry } from '../timeline/entry.ts';
import type { Arrival } from './apply.ts';

/** What changes a line that is there. */
export type LineChange = Content<
  'application/x-securechat-edit' | 'application/x-securechat-delete' | 'application/x-securechat-reaction'
>;
/** Without a place: of this device, and not stored yet. */
export type Author = Pick<Arrival, 'from' | 'sentAtMs'> & { readonly place?: number };

/** When this device was let in by another one, which sends it the history. */
export const AWAITED = 'history-awaited';
/** As a key of `Entry.changed`. */
export const TEXT = '';

/**
 * The entry that remembers this change; undefined if a newer one has replaced it. Changes count in the order of the conversation, the same
 * for everybody. An own one has no place yet: it is shown at once, and applied again when it is stored.
 */
export function ifNewest(entry: Entry, what: string, place: number | undefined): Entry | undefined {
  if (place === undefined) return entry;
  if (place < (lookUp(entry.changed ?? {}, what) ?? 0)) return undefined;
  return { ...entry, changed: { ...entry.changed, [what]: place } };
}

/** The line is not here; it may come late. */
export async function ifAbsent(core: Core, step: Step, by: Author, change: LineChange): Promise<void> {
  const { place } = by;
  // loaded on first use: lines are seldom missing
  if (place !== undefined)
    await (await import('./absent.ts')).keepAbsent(core, step, { ...by, place }, change);
}
