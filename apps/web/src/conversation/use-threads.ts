import type { Conversation, Thread } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';

/** The threads of a conversation, by root message. The open one counts as read. */
export function useThreads(
  conversation: Conversation,
  openId: string | undefined,
): ReadonlyMap<string, Thread> {
  const client = useClient();
  const [threads, setThreads] = useState<ReadonlyMap<string, Thread>>(new Map());

  useEffect(() => {
    const newer = new Map<string, Thread>();
    const unlisten = client.on('thread', ({ conversation: { id }, thread }) => {
      if (id !== conversation.id) return;
      newer.set(thread.threadId, thread);
      setThreads((before) => new Map([...before, [thread.threadId, thread]]));
    });
    inBackground(
      conversation.threads().then((all) => {
        // events received meanwhile are newer
        setThreads(new Map([...all.map((thread) => [thread.threadId, thread] as const), ...newer]));
      }),
    );
    return unlisten;
  }, [client, conversation.id]);

  const shown = [...threads].filter(([, { count }]) => count > 0);
  return new Map(shown.map(([id, thread]) => [id, id === openId ? { ...thread, unread: 0 } : thread]));
}
