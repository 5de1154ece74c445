import type { Conversation, Message } from '@securechat/client';

/** More than fit on any screen; older ones are loaded when somebody scrolls that far. */
export const PAGE = 100;

/** At least the `count` newest messages, oldest first, if there are that many. */
export async function newest(chat: Conversation, count: number): Promise<Message[]> {
  let found: Message[] = await chat.messages({ limit: PAGE });
  while (found.length < count && found[0]) {
    const older = await chat.messages({ before: found[0].id, limit: PAGE });
    if (older.length === 0) break;
    found = [...older, ...found];
  }
  return found;
}
