import type { Client, Conversation } from '@securechat/client';
import { names } from './message-text.ts';

export type Names = {
  /** The profile name, else the user id; this user is "You". */
  nameOf(userId: string): string;
  titleOf(conversation: Conversation): string;
};

export function namesOf(client: Pick<Client, 'me' | 'profile'>): Names {
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
