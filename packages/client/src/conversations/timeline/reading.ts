import { fromBytes } from '../../storage/json.ts';
import type { Store } from '../../storage/store.ts';
import { keysOf } from '../record.ts';
import type { Entry } from './entry.ts';

export type Placed = { readonly entry: Entry; readonly position: string };

export async function readEntry(
  store: Store,
  conversationId: string,
  messageId: string,
): Promise<Placed | undefined> {
  const position = await store.get(keysOf.position(conversationId, messageId));
  return position && readAt(store, conversationId, fromBytes<string>(position));
}

export async function readAt(
  store: Store,
  conversationId: string,
  position: string,
): Promise<Placed | undefined> {
  const bytes = await store.get(keysOf.message(conversationId, position));
  return bytes && { entry: fromBytes<Entry>(bytes), position };
}

/** The newest `limit` lines before a position, oldest first; of one thread, or outside threads. */
export async function readPage(
  store: Store,
  conversationId: string,
  options: { before?: string | undefined; limit: number; threadId?: string | undefined },
): Promise<Placed[]> {
  const { limit, threadId } = options;
  const prefix =
    threadId === undefined ? keysOf.message(conversationId, '') : keysOf.thread(conversationId, threadId, '');
  const found: Placed[] = [];
  let after = options.before === undefined ? undefined : prefix + options.before;
  while (found.length < limit) {
    const page = await store.list(prefix, {
      reverse: true,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    for (const [key, value] of page) {
      const position = key.slice(prefix.length);
      const placed =
        threadId === undefined
          ? { entry: fromBytes<Entry>(value), position }
          : await readAt(store, conversationId, position);
      if (placed && (threadId !== undefined || placed.entry.threadId === undefined)) found.push(placed);
    }
    after = page.at(-1)?.[0];
    if (page.length < limit || after === undefined) break;
  }
  return found.slice(0, limit).reverse();
}
