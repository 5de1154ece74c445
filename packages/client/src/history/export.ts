import type { Core } from '../conversations/core.ts';
import { keysOf } from '../conversations/record.ts';
import type { Entry } from '../conversations/timeline/entry.ts';
import { isWaiting } from '../conversations/timeline/positions.ts';
import { fromBytes, toBytes } from '../storage/json.ts';
import type { History, HistoryConversation } from './format.ts';
import { profilesOf } from './profiles.ts';

/** All conversations, without expired messages and without those the server has not stored yet. */
export async function exportAll(core: Core): Promise<Uint8Array<ArrayBuffer>> {
  const conversations: HistoryConversation[] = [];
  for (const { id, log, peer, purpose, name, isRequest, readThrough, threadReads } of core.registry.all()) {
    if (purpose !== 'people') continue;
    const known = { id, kind: log.kind, ...(peer === undefined ? {} : { peer }), name };
    const lines = await linesOf(core, id);
    conversations.push({ ...known, isRequest, readThrough, threadReads, lines });
  }
  const profiles = await profilesOf(core);
  const history: History = { version: 1, userId: core.own.userId, conversations, profiles };
  return toBytes(history);
}

async function linesOf(core: Core, id: string): Promise<HistoryConversation['lines']> {
  const prefix = keysOf.message(id, '');
  const nowSeconds = core.now() / 1000;
  const all = (await core.store.list(prefix)).map(([key, bytes]) => ({
    position: key.slice(prefix.length),
    entry: fromBytes<Entry>(bytes),
  }));
  return all.filter(
    ({ position, entry }) =>
      !isWaiting(position) &&
      entry.body.type !== 'missing' &&
      (entry.expiresAt === undefined || entry.expiresAt > nowSeconds),
  );
}
