import type { Conversation, Message } from '@securechat/client';
import { useEffect, useRef, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';
import { useClient } from '../session/session.ts';
import type { ThreadMark } from './message-item.tsx';

/**
 * Which of the messages have a thread hanging on them, and how much in it is unread. By message id. The thread that is open
 * is being read.
 */
export function useThreads(
  conversation: Conversation,
  list: readonly Message[],
  openId: string | undefined,
): ReadonlyMap<string, ThreadMark> {
  const client = useClient();
  const [threads, setThreads] = useState<ReadonlyMap<string, ThreadMark>>(new Map());
  const asked = useRef(new Set<string>());

  async function look(messageId: string): Promise<void> {
    const [reply] = await conversation.messages({ threadId: messageId, limit: 1 });
    if (reply === undefined) return;
    const unread = await conversation.threadUnread(messageId);
    setThreads((before) => new Map(before).set(messageId, { unread }));
  }

  useEffect(() => {
    for (const { id } of list) {
      if (asked.current.has(id)) continue;
      asked.current.add(id);
      inBackground(look(id));
    }
  }, [list]);

  useEffect(
    () =>
      client.on('message', ({ conversation: { id }, message: { threadId } }) => {
        if (id === conversation.id && threadId !== undefined) inBackground(look(threadId));
      }),
    [client, conversation.id],
  );

  // when it is closed, what is left unread in it counts again
  useEffect(() => {
    if (openId !== undefined) return () => inBackground(look(openId));
  }, [openId]);

  const open = openId === undefined ? undefined : threads.get(openId);
  return open === undefined || openId === undefined ? threads : new Map(threads).set(openId, { unread: 0 });
}
