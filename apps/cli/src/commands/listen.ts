import type { Client } from '@securechat/client';
import type { Command } from '../command.ts';
import { type Line, listenForLines } from '../json-lines.ts';
import { untilAskedToEnd, withClient } from '../session.ts';
import { sentence } from '../words.ts';

export const listen: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'print events until Ctrl-C; reconnects by itself',
  options: {
    json: { type: 'boolean', doc: 'one JSON object per line, for scripts; docs/cli.md names the fields' },
    read: { type: 'boolean', doc: 'mark printed messages as read' },
  },
  async run({ flags, home, out }) {
    const print = (line: Line): void => {
      if (flags.has('json')) return out.json(line);
      const text = sentence(line);
      if (text !== undefined) out.text(text);
    };
    await withClient(home, async (client) => {
      const { promise: ended, resolve, reject } = Promise.withResolvers<void>();
      listenForLines(client, print);
      if (flags.has('read')) markAsRead(client, reject);
      client.on('ended', reject);
      client.connect();
      await untilAskedToEnd(resolve, () => ended);
    });
  },
};

function markAsRead(client: Client, failed: (error: unknown) => void): void {
  client.on('message', ({ conversation, message, isNew }) => {
    if (!isNew || message.isOwn) return;
    conversation.markRead(message.id, { threadId: message.threadId }).catch(failed);
  });
}
