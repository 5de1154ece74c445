import type { Conversation, Message } from '@securechat/client';
import { useEffect, useState } from 'preact/hooks';
import { inBackground } from '../session/in-background.ts';

/** The end of an open conversation on a visible page counts as read. */
export function useReadMark(
  conversation: Conversation,
  threadId: string | undefined,
  list: readonly Message[],
  isAtEnd: boolean,
): void {
  const isSeen = useIsSeen();
  const newest = list.findLast((message) => message.place !== undefined && !message.isOwn);
  useEffect(() => {
    if (!isSeen || !isAtEnd || newest === undefined || conversation.isRequest) return;
    inBackground(conversation.markRead(newest.id, threadId === undefined ? {} : { threadId }));
  }, [conversation, conversation.isRequest, threadId, newest?.id, isAtEnd, isSeen]);
}

function useIsSeen(): boolean {
  const look = () => document.visibilityState === 'visible';
  const [isSeen, setSeen] = useState(look);
  useEffect(() => {
    const lookAgain = () => setSeen(look());
    document.addEventListener('visibilitychange', lookAgain);
    return () => document.removeEventListener('visibilitychange', lookAgain);
  }, []);
  return isSeen;
}
