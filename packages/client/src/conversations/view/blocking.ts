import { BLOCK_LIST_ITEMS, MAX_BLOCKED_USERS } from '@securechat/protocol';
import type { AbortOptions } from '../../api/index.ts';
import { blockedKey } from '../blocked.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import type { Step } from '../step.ts';
import type { OwnMarks } from './own-marks.ts';

const MOST_PAGES = MAX_BLOCKED_USERS / BLOCK_LIST_ITEMS;

/** The other own devices are told to look again. */
export async function block(
  core: Core,
  ownMarks: OwnMarks,
  { peer, isBlocked }: { peer: string | undefined; isBlocked: boolean },
  options?: AbortOptions,
): Promise<void> {
  if (!peer) throw new CannotDo('only users can be blocked');
  await core.connection.request(isBlocked ? 'block' : 'unblock', { user_id: peer }, options);
  await core.registry.step(blockedKey(peer), async (step) => {
    note(core, step, [peer], isBlocked);
    ownMarks.note(step, { tell: 'blocks' });
    await step.write();
  });
  await ownMarks.tell();
}

/** Whose next look has not begun: it will see whatever changes until then. */
const waiting = new WeakSet<Core>();

/**
 * Another own device may have blocked or unblocked somebody. One look at a time, so that an older answer never comes after a newer one.
 * Changes made here while the server is asked are newer than its answer and stay: only the earlier state is compared. A lying server gains
 * nothing, since it enforces blocks itself and could ignore them without a word.
 */
export async function learnBlocked(core: Core): Promise<void> {
  if (waiting.has(core)) return;
  waiting.add(core);
  await core.registry.step(blockedKey(''), async (step) => {
    waiting.delete(core);
    const before = new Set(core.blocked);
    const now = await askBlocked(core);
    if (!now) return;
    const added = [...now].filter((userId) => !before.has(userId));
    const removed = [...before].filter((userId) => !now.has(userId));
    if (added.length + removed.length === 0) return;
    note(core, step, added, true);
    note(core, step, removed, false);
    await step.write();
  });
}

/** Undefined when the server returns more than an account may block. */
async function askBlocked({ connection }: Core): Promise<Set<string> | undefined> {
  const userIds = new Set<string>();
  let after: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await connection.request('block_list', { ...(after !== undefined && { after }) });
    for (const userId of page.user_ids) userIds.add(userId);
    if (!page.more) return userIds;
    after = page.user_ids.at(-1) ?? after;
  }
  return undefined;
}

function note(
  { blocked, registry, tell }: Core,
  { draft }: Step,
  userIds: readonly string[],
  isBlocked: boolean,
): void {
  const changed = new Set(userIds.filter((userId) => blocked.has(userId) !== isBlocked));
  for (const userId of changed) {
    const key = blockedKey(userId);
    if (isBlocked) draft.put(key, new Uint8Array());
    else draft.delete(key);
  }
  draft.after(() => {
    for (const userId of changed) {
      if (isBlocked) blocked.add(userId);
      else blocked.delete(userId);
    }
    for (const { id, purpose, peer } of registry.all()) {
      // without a message id, this only reports the conversation
      if (purpose === 'people' && peer !== undefined && changed.has(peer)) tell.message(id, '', false);
    }
  });
}
