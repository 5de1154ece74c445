import { BLOCK_LIST_ITEMS, MAX_BLOCKED_USERS } from '@securechat/protocol';
import type { AbortOptions } from '../../api/index.ts';
import type { Change } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import { blockedKey } from './acceptance.ts';

const MOST_PAGES = MAX_BLOCKED_USERS / BLOCK_LIST_ITEMS;

/** Users blocked at the server, as this device knows them; updated when that changes. */
type Known = { core: Core; blocked: Set<string> };

export async function block(
  known: Known,
  peer: string | undefined,
  isBlocked: boolean,
  options?: AbortOptions,
): Promise<void> {
  if (!peer) throw new CannotDo('only users can be blocked');
  await known.core.connection.request(isBlocked ? 'block' : 'unblock', { user_id: peer }, options);
  await note(known, [peer], isBlocked);
}

/**
 * Another own device may have blocked or unblocked somebody. Changes made here while the server is asked are newer than its answer and
 * stay: only the earlier state is compared. A lying server gains nothing, since it enforces blocks itself and could ignore them without a
 * word.
 */
export async function learnBlocked(known: Known): Promise<void> {
  const before = new Set(known.blocked);
  const now = await askBlocked(known.core);
  if (!now) return;
  await note(
    known,
    [...now].filter((userId) => !before.has(userId)),
    true,
  );
  await note(
    known,
    [...before].filter((userId) => !now.has(userId)),
    false,
  );
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

async function note({ core, blocked }: Known, userIds: string[], isBlocked: boolean): Promise<void> {
  const changed = new Set(userIds.filter((userId) => blocked.has(userId) !== isBlocked));
  if (changed.size === 0) return;
  await core.store.write([...changed].map((userId) => changeOf(blockedKey(userId), isBlocked)));
  for (const userId of changed) {
    if (isBlocked) blocked.add(userId);
    else blocked.delete(userId);
  }
  for (const { id, purpose, peer } of core.registry.all()) {
    // without a message id, this only reports the conversation
    if (purpose === 'people' && peer !== undefined && changed.has(peer)) core.tell.message(id, '', false);
  }
}

const changeOf = (key: string, isBlocked: boolean): Change =>
  isBlocked ? { put: key, value: new Uint8Array() } : { delete: key };
