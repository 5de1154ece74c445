import { searchMessages } from '@securechat/client/search';
import type { Command } from '../command.ts';
import { messageLine } from '../json-lines.ts';
import { withClient } from '../session.ts';
import { wholeNumber } from '../whole-number.ts';
import { foundLine } from '../words.ts';

export const search: Command = {
  usage: 'WORD …',
  takes: [1, 50],
  summary: 'find messages on this device that have all the words, newest first; works offline',
  options: {
    most: { type: 'string', value: 'COUNT', doc: 'stop after as many, 1 to 10000; default 20' },
    json: { type: 'boolean', doc: 'one JSON object per line' },
  },
  run: ({ args, values, flags, home, out }) =>
    withClient(home, async (client) => {
      const most = wholeNumber(values.most ?? '20', '--most', 1, 10_000);
      let found = 0;
      for await (const message of searchMessages(client, args.join(' '))) {
        const chat = client.conversation(message.conversationId);
        if (!chat) continue;
        if (flags.has('json')) out.json(messageLine(chat, message, 'message'));
        else out.text(foundLine(chat, message));
        if (++found === most) break;
      }
      if (found === 0) out.hint('Nothing was found. Requests and blocked people are not searched.');
    }),
};
