import type { AbortOptions } from '../../api/index.ts';
import type { Change } from '../../storage/store.ts';
import type { Core } from '../core.ts';
import { CannotDo } from '../operations/built.ts';
import { blockedKey } from './acceptance.ts';

/** Whom the server keeps from writing to this account, as this device knows it; it is told where it changes. */
type Known = { core: Core; blocked: Set<string> };

export async function block(
  known: Known,
  peer: string | undefined,
  isBlocked: boolean,
  options?: AbortOptions,
): Promise<void> {
  if (!peer) throw new CannotDo('people are blocked, not groups');
  await known.core.connection.request(isBlocked ? 'block' : 'unblock', { user_id: peer }, options);
  await note(known, [peer], isBlocked);
}

/**
 * Another device of the account may have blocked somebody, or let in again. What this device does while it asks is newer than the answer, and
 * stays: only what was known before is compared. A server that lies here gains nothing: a block is the server's to keep, and one that breaks it
 * need not tell.
 */
export async function learnBlocked(known: Known): Promise<void> {
  const before = new Set(known.blocked);
  const now = await askBlocked(known.core);
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

async function askBlocked({ connection }: Core): Promise<Set<string>> {
  const userIds = new Set<string>();
  for (let after: string | undefined; ; ) {
    const page = await connection.request('block_list', { ...(after !== undefined && { after }) });
    for (const userId of page.user_ids) userIds.add(userId);
    const last = page.user_ids.at(-1);
    // a server that says "more" for ever is not followed
    if (!page.more || last === undefined || last === after) return userIds;
    after = last;
  }
}

async function note({ core, blocked }: Known, userIds: string[], isBlocked: boolean): Promise<void> {
  const changed = userIds.filter((userId) => blocked.has(userId) !== isBlocked);
  if (changed.length === 0) return;
  await core.store.write(changed.map((userId): Change => changeOf(blockedKey(userId), isBlocked)));
  for (const userId of changed) {
    if (isBlocked) blocked.add(userId);
    else blocked.delete(userId);
    const found = core.registry.all().find(({ purpose, peer }) => purpose === 'people' && peer === userId);
    // of no line: that tells of the conversation alone
    if (found) core.tell.message(found.id, '', false);
  }
}

const changeOf = (key: string, isBlocked: boolean): Change =>
  isBlocked ? { put: key, value: new Uint8Array() } : { delete: key };
