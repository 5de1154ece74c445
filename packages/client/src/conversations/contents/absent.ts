import { lookUp } from '../../look-up.ts';
import { fromBytes } from '../../storage/json.ts';
import { type Store, sortable } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import { mayDo } from '../membership/rights.ts';
import { wantedIn } from '../repair/missing.ts';
import type { Step } from '../step.ts';
import { entryOf } from '../timeline/timeline.ts';
import { erase } from './delete.ts';
import { applyEdit } from './edit.ts';
import { type Author, AWAITED, type LineChange } from './newest.ts';
import { applyReaction } from './reaction.ts';

type Stored = Author & { readonly place: number };
/** `isRuler`: whether the author might delete what others had said, at that time. */
type Absent = { readonly by: Stored; readonly change: LineChange; readonly isRuler: boolean };

/** Per conversation; the newest ones stay. */
const MAX_ABSENT = 256;
/** A history that has not come by then does not come any more; see `history/transfer.ts`. */
const AWAITED_MS = 7 * 24 * 3_600_000;

const PREFIX = 'absent/';
const absentKey = (id: string, messageId: string, place: number | ''): string =>
  `${PREFIX}${id}/${messageId}/${place === '' ? '' : sortable(place)}`;

/** Keeps a change of a line that is not here, if that may still come: from a history, or by a repair. */
export async function keepAbsent(core: Core, step: Step, by: Stored, change: LineChange): Promise<void> {
  const awaitedMs = (await step.draft.json<number>(AWAITED)) ?? 0;
  const isAwaited = core.now() - awaitedMs < AWAITED_MS || (await wantedIn(core, step)).length > 0;
  const kept = await core.store.list(`${PREFIX}${step.id}/`);
  const over = isAwaited ? kept.sort(byPlace).slice(0, -MAX_ABSENT + 1) : kept;
  for (const [key] of over) step.draft.delete(key);
  if (!isAwaited) return;
  const { log } = step.record;
  const isRuler = log.kind === 'group' && mayDo(lookUp(log.roles, by.from), 'delete for others');
  const { from, sentAtMs, place } = by;
  const absent: Absent = { by: { from, sentAtMs, place }, change, isRuler };
  step.draft.putJson(absentKey(step.id, change.body.messageId, by.place), absent);
}

/** A line has come late: applies what has happened to it since. */
export async function takeAbsent(core: Core, step: Step, messageId: string): Promise<void> {
  for (const [key, bytes] of await core.store.list(absentKey(step.id, messageId, ''))) {
    const { by, change, isRuler } = fromBytes<Absent>(bytes);
    step.draft.delete(key);
    const found = await entryOf(step, messageId);
    if (!found) continue;
    if (change.type === 'application/x-securechat-edit') await applyEdit(core, step, by, change);
    else if (change.type === 'application/x-securechat-reaction') await applyReaction(core, step, by, change);
    else if (isRuler || found.entry.from === by.from) await erase(core, step, found);
  }
}

/** The history is here: nothing is awaited any more. */
export async function forgetAbsent(store: Store): Promise<void> {
  const all = await store.list(PREFIX);
  await store.write([...all.map(([key]) => ({ delete: key })), { delete: AWAITED }]);
}

const byPlace = ([a]: [string, unknown], [b]: [string, unknown]): number =>
  a.slice(a.lastIndexOf('/')) < b.slice(b.lastIndexOf('/')) ? -1 : 1;
