import type { Client, ClientEvents } from '../api/index.ts';
import { insidesOf } from '../runtime/insides.ts';

/** What arrived in one conversation: the newest message of another user, and how many there are. */
export type News = Pick<ClientEvents['message'], 'conversation' | 'message'> & { readonly count: number };

/**
 * For a process that was woken by push: connects, and resolves with what is new once the mailbox is read, or with what there is so far
 * when `signal` aborts. One item per conversation, the newest last. Rejects when the client has ended.
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
