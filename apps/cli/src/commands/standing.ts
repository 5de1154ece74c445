import type { Conversation } from '@securechat/client';
import type { Command } from '../command.ts';
import { withConnection } from '../session.ts';
import { conversationOf } from './send.ts';

export const accept = standing('answer a request: it becomes an ordinary conversation', 'accepted', (chat) =>
  chat.accept(),
);
export const block = standing('refuse a request, or hear no more from a user', 'blocked', (chat) =>
  chat.block(),
);
export const unblock = standing('hear from a blocked user again', 'not blocked any more', (chat) =>
  chat.unblock(),
);
export const restart = standing(
  'make the keys of a conversation anew, when it cannot go on',
  'has new keys',
  (chat) => chat.restart(),
);

/** Changes how one stands to a conversation as a whole. */
function standing(summary: string, done: string, change: (chat: Conversation) => Promise<void>): Command {
  return {
    usage: 'TO',
    takes: [1, 1],
    summary,
    run: ({ args: [to = ''], home, out }) =>
      withConnection(home, async (client) => {
        const chat = await conversationOf(client, to);
        await change(chat);
        out.text(`${chat.id}: ${done}`);
      }),
  };
}
