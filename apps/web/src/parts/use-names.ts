import type { Conversation } from '@securechat/client';
import { useClient } from '../session/session.ts';
import { useClientEvents } from '../session/use-client-events.ts';
import { names } from '../text/message-text.ts';

export type Names = {
  /** What they call themselves, else the user id; oneself is "You". */
  nameOf(userId: string): string;
  titleOf(conversation: Conversation): string;
};

export function useNames(): Names {
  const client = useClient();
  useClientEvents('profile');
  const shown = (userId: string) => client.profile(userId).displayName || userId;
  const nameOf = (userId: string) => (userId === client.me.userId ? 'You' : shown(userId));

  function titleOf(conversation: Conversation): string {
    if (conversation.peer !== undefined) return shown(conversation.peer);
    if (conversation.name !== '') return conversation.name;
    const others = conversation.memberIds.filter((userId) => userId !== client.me.userId);
    return others.length === 0 ? 'Only you' : names(others, shown);
  }

  return { nameOf, titleOf };
}
