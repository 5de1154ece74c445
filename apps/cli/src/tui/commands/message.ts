import { openFiles } from '@securechat/client/files';
import { CommandFailed } from '../../failures.ts';
import { bodyText, clock } from '../../words.ts';
import type { Messenger } from '../messenger.ts';
import type { TuiCommand } from './index.ts';
import { wordsOf } from './words-of.ts';

export const messageCommands: Readonly<Record<string, TuiCommand>> = {
  reply: {
    usage: 'N TEXT',
    summary: 'answer a message',
    async run(messenger, rest) {
      const { id, text } = target(messenger, rest, '/reply N TEXT');
      await messenger.say(text, { replyTo: id });
      return undefined;
    },
  },
  thread: {
    usage: 'N [TEXT]',
    summary: 'read a thread, or write in it',
    async run(messenger, rest) {
      const { id: threadId, text } = target(messenger, rest, '/thread N [TEXT]', false);
      const { chat } = messenger;
      if (text !== '') await messenger.say(text, { threadId });
      const said = await chat.messages({ threadId });
      const last = said.findLast(({ isOwn, place }) => !isOwn && place !== undefined);
      if (last) await chat.markRead(last.id, { threadId });
      const lines = said.map((each) => `${clock(each.sentAtMs)} ${each.from}: ${bodyText(each)}`);
      messenger.show('Thread – Esc closes', lines.length > 0 ? lines : ['Nothing yet.']);
      return undefined;
    },
  },
  show: {
    usage: 'N',
    summary: 'show all of a message that is too long for the window',
    async run(messenger, rest) {
      const { id } = target(messenger, rest, '/show N', false);
      const message = await messenger.chat.message(id);
      if (!message) throw new CommandFailed('It is no longer here.', '/show N');
      messenger.show(`${message.from}, ${clock(message.sentAtMs)} – Esc closes, PageUp and PageDown move`, [
        ...rowsOf(bodyText(message)),
      ]);
      return undefined;
    },
  },
  react: {
    usage: 'N [EMOJI]',
    summary: 'react; without EMOJI remove the reaction',
    async run(messenger, rest) {
      const { id, text } = target(messenger, rest, '/react N [EMOJI]', false);
      await messenger.chat.react(id, text === '' ? undefined : text);
      return undefined;
    },
  },
  edit: {
    usage: 'N TEXT',
    summary: 'edit your own message',
    async run(messenger, rest) {
      const { id, text } = target(messenger, rest, '/edit N TEXT');
      await messenger.chat.edit(id, text);
      return undefined;
    },
  },
  delete: {
    usage: 'N',
    summary: 'delete a message for everyone',
    async run(messenger, rest) {
      const { chat, client } = messenger;
      const { id } = target(messenger, rest, '/delete N', false);
      await openFiles(client).deleteForEveryone(chat, id);
      return undefined;
    },
  },
  retry: {
    usage: 'N',
    summary: 'send a failed message again',
    async run(messenger, rest) {
      await messenger.chat.retry(target(messenger, rest, '/retry N', false).id);
      return undefined;
    },
  },
  vanish: {
    usage: 'SECONDS TEXT',
    summary: 'send a message that vanishes',
    async run(messenger, rest) {
      const [, seconds = '', text = ''] = /^(\d{1,8})\s+([\s\S]+)$/.exec(rest) ?? [];
      if (Number(seconds) < 1) throw new CommandFailed('After how many seconds?', '/vanish SECONDS TEXT');
      await messenger.say(text, { expiresInMs: Number(seconds) * 1000 });
      return undefined;
    },
  },
};

/** A panel scrolls by rows; this length fits a window of 60 columns. */
const ROW = /\S.{0,58}(?=\s|$)|\S.{0,58}/gu;

const rowsOf = (text: string): string[] => text.split('\n').flatMap((line) => line.match(ROW) ?? ['']);

/** `N TEXT`: the message with that number, and the text. */
function target(
  { chat, labels }: Messenger,
  rest: string,
  usage: string,
  needsText = true,
): { id: string; text: string } {
  const [label = ''] = wordsOf(rest, needsText ? 2 : 1, usage);
  const id = labels.find(chat.id, label);
  if (id === undefined) throw new CommandFailed(`There is no message ${label} here.`, usage);
  return { id, text: rest.slice(label.length).trim() };
}
