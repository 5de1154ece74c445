import type { Client, ClientEvents } from '../api/index.ts';
import { insidesOf } from '../runtime/insides.ts';

/** What has come into one conversation: the newest message of somebody else, and how many there are. */
export type News = Pick<ClientEvents['message'], 'conversation' | 'message'> & { readonly count: number };

/**
 * What a process does that was woken: connects, and resolves with what is new when the mailbox is read; with what there is so far when the
 * signal aborts. One item for each conversation, the newest last. Rejects when it is over with this client.
 */
export async function catchUp(client: Client, { signal }: { signal: AbortSignal }): Promise<News[]> {
  const runtime = insidesOf(client);
  const news = new Map<string, News>();
  const over = Promise.withResolvers<void>();
  const stop = (): void => over.resolve();
  const leaving = [
    client.on('message', ({ conversation, message, isNew }) => {
      if (!isNew || message.isOwn) return;
      const count = (news.get(conversation.id)?.count ?? 0) + 1;
      news.delete(conversation.id);
      news.set(conversation.id, { conversation, message, count });
    }),
    client.on('ended', (error) => over.reject(error)),
    runtime.on('caughtUp', () => void runtime.core.tell.settled().then(stop)),
  ];
  signal.addEventListener('abort', stop);
  try {
    client.connect();
    if (!signal.aborted) await over.promise;
  } finally {
    signal.removeEventListener('abort', stop);
    for (const leave of leaving) leave();
  }
  return [...news.values()];
}
