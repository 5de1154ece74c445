import { fromBytes } from '../../storage/json.ts';
import type { Core } from '../core.ts';
import { keysOf } from '../record.ts';
import type { Step } from '../step.ts';
import { type Entry, isSaid } from './entry.ts';
import { positions } from './positions.ts';

/** Not counted further: nobody reads the number then. */
const MAX_COUNTED = 1_000;

/** Messages of others after a place, outside threads. */
export async function countUnread(core: Core, step: Step, readThrough: number): Promise<number> {
  const prefix = keysOf.message(step.id, '');
  const after = prefix + positions.behind(readThrough, 9_999);
  const lines = await core.store.list(prefix, { after, limit: MAX_COUNTED });
  const entries = lines.map(([, bytes]) => fromBytes<Entry>(bytes));
  return entries.filter(
    (entry) => isSaid(entry) && entry.threadId === undefined && entry.from !== core.own.userId,
  ).length;
}

/** Its words are about to go. */
export function uncount(core: Core, step: Step, entry: Entry): void {
  const { readThrough, unread } = step.record;
  const isUnread =
    entry.from !== core.own.userId &&
    isSaid(entry) &&
    entry.threadId === undefined &&
    (entry.place ?? 0) > readThrough;
  if (isUnread) step.change({ unread: Math.max(0, unread - 1) });
}
