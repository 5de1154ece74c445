import type { Conversation } from '@securechat/client';
import type { Command } from '../command.ts';
import { allStored, withConnection } from '../session.ts';
import { conversationOf } from './send.ts';

export const accept = standing(
  'accept a request, which becomes an ordinary conversation',
  'accepted',
  (chat) => chat.accept(),
);
export const block = standing('refuse a request, or block a user', 'blocked', (chat) => chat.block());
export const unblock = standing('unblock a user', 'not blocked any more', (chat) => chat.unblock());
export const restart = standing('start a stuck conversation over, with new keys', 'has new keys', (chat) =>
  chat.restart(),
);

/** A command that changes one's relation to a conversation. */
function standing(summary: string, done: string, change: (chat: Conversation) => Promise<void>): Command {
  return {
    usage: 'TO',
    takes: [1, 1],
    summary,
    run: ({ args: [to = ''], home, out }) =>
      withConnection(home, async (client) => {
        const chat = await conversationOf(client, to);
        await change(chat);
        await allStored(client);
        out.text(`${chat.id}: ${done}`);
      }),
  };
}
