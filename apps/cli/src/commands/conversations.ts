import type { Command } from '../command.ts';
import { conversationLine } from '../json-lines.ts';
import { withClient } from '../session.ts';
import { counted, titleOf } from '../words.ts';

export const conversations: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'list the conversations on this device, most recent first; works offline',
  options: { json: { type: 'boolean', doc: 'one JSON object per line' } },
  run: ({ flags, home, out }) =>
    withClient(home, async (client) => {
      const all = client.conversations();
      if (all.length === 0)
        out.hint('None are here yet. What others have sent comes with a connection: `securechat listen`.');
      for (const chat of all) {
        if (flags.has('json')) out.json(conversationLine(chat));
        else
          out.text(
            [chat.id, titleOf(chat), counted(chat.memberIds.length, 'member'), standingOf(chat)].join('  '),
          );
      }
    }),
};

function standingOf(chat: {
  isMember: boolean;
  isRequest: boolean;
  isBlocked: boolean;
  isStuck: boolean;
  unread: number;
}): string {
  if (!chat.isMember) return 'left';
  if (chat.isBlocked) return 'blocked';
  if (chat.isRequest) return 'request';
  if (chat.isStuck) return 'is stuck: restart it';
  return `${chat.unread} unread`;
}
