import type { Client, Conversation } from '@securechat/client';
import { type Command, UsageError } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { messageLine } from '../json-lines.ts';
import { stored, withConnection } from '../session.ts';

/** Longer text never fits into a message, so reading stops here. */
const MAX_TEXT_BYTES = 64 * 1024;

export const send: Command = {
  usage: 'TO [TEXT …]',
  takes: [1, Number.MAX_SAFE_INTEGER],
  summary: 'send one message to a user or a conversation; without TEXT it is read from a pipe',
  options: {
    json: { type: 'boolean', doc: 'print the message as one JSON object, as `listen --json` does' },
    markdown: { type: 'boolean', doc: 'the text is Markdown' },
    'reply-to': { type: 'string', value: 'ID', doc: 'the message to reply to' },
    'expires-in': { type: 'string', value: 'SECONDS', doc: 'delete it from all devices after this time' },
  },
  async run({ args: [to = '', ...words], values, flags, home, out }) {
    const text = words.length > 0 ? words.join(' ') : await pipedText();
    if (text === '') throw new UsageError('There is nothing to send.');
    const options = { replyTo: values['reply-to'], expiresInMs: expiryOf(values['expires-in']) };
    await withConnection(home, async (client) => {
      const chat = await conversationOf(client, to);
      const format = flags.has('markdown') ? 'markdown' : 'plain';
      const message = await stored(client, await chat.send({ text, format }, options));
      if (flags.has('json')) out.json(messageLine(chat, message, 'message'));
      else out.text(`stored as ${message.id} in ${chat.id}`);
    });
  },
};

/** A user's direct conversation, created if needed, or the conversation with this id. */
export async function conversationOf(client: Client, to: string): Promise<Conversation> {
  if (!to.startsWith('c_')) return client.direct(to);
  const chat = client.conversation(to);
  if (chat) return chat;
  throw new CommandFailed(`There is no conversation ${to} here`, '`securechat conversations` lists them.');
}

function expiryOf(seconds: string | undefined): number | undefined {
  if (seconds === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(seconds)) throw new UsageError('--expires-in takes whole seconds, 1 or more');
  return Number(seconds) * 1000;
}

async function pipedText(): Promise<string> {
  if (process.stdin.isTTY) throw new UsageError('No text: give it as an argument, or pipe it in.');
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += chunk;
    if (Buffer.byteLength(text) > MAX_TEXT_BYTES) throw new UsageError('The text is longer than 64 KiB.');
  }
  return text.trimEnd();
}
