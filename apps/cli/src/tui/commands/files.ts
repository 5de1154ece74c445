import { openFiles } from '@securechat/client/files';
import { storedLine } from '../../commands/files.ts';
import { CommandFailed } from '../../failures.ts';
import { fileFrom, writeFileTo } from '../../files/from-path.ts';
import { sizeText } from '../../files/progress-bar.ts';
import type { TuiCommand } from './index.ts';
import { wordsOf } from './words-of.ts';

export const fileCommands: Readonly<Record<string, TuiCommand>> = {
  send: {
    usage: 'PATH',
    summary: 'send a file',
    async run(messenger, rest) {
      wordsOf(rest, 1, '/send PATH');
      const { chat, client } = messenger;
      if (chat.isRequest)
        throw new CommandFailed('This is a request.', '/accept accepts it, /block refuses it.');
      const { source, name, mimeType } = await fileFrom(rest.trim());
      const transfer = openFiles(client).send(chat, source, { name, mimeType });
      messenger.transfers.follow(`sending ${name}`, transfer);
      messenger.attempt(async () => void (await transfer.done));
      return undefined;
    },
  },
  save: {
    usage: 'N PATH',
    summary: 'save the file of a message to PATH',
    async run(messenger, rest) {
      const [label = ''] = wordsOf(rest, 2, '/save N PATH');
      const path = rest.slice(label.length).trim();
      const { chat, client, labels } = messenger;
      const id = labels.find(chat.id, label);
      const body = id === undefined ? undefined : (await chat.message(id))?.body;
      if (body?.type !== 'file')
        throw new CommandFailed(`There is no file with message ${label}.`, '/save N PATH');
      messenger.attempt(async () => {
        const written = await writeFileTo(openFiles(client), body, path, (transfer) =>
          messenger.transfers.follow(`getting ${body.name}`, transfer),
        );
        messenger.tell(`${sizeText(body.size)} in ${written}`);
      });
      return undefined;
    },
  },
  pause: {
    usage: '[N]',
    summary: 'pause or resume a transfer',
    run: async ({ transfers }, rest) => `It ${transfers.toggle(rest.trim())}.`,
  },
  cancel: {
    usage: '[N]',
    summary: 'cancel a transfer',
    async run({ transfers }, rest) {
      transfers.find(rest.trim()).cancel();
      return undefined;
    },
  },
  files: {
    usage: '[remove FILE]',
    summary: 'your files at the server; remove deletes one for everybody',
    async run(messenger, rest) {
      const files = openFiles(messenger.client);
      const [verb, fileId] = rest.split(/\s+/);
      if (verb === 'remove' && fileId) {
        await files.remove(fileId);
        return 'Nobody can download it any more.';
      }
      const { files: first, more, usedBytes, reservedBytes, limitBytes } = await files.stored();
      messenger.show(`Your files – Esc closes`, [
        `${sizeText(usedBytes + reservedBytes)} of ${sizeText(limitBytes)} are in use`,
        ...first.map(storedLine),
        ...(more ? ['There are more: `securechat files` lists all.'] : []),
      ]);
      return undefined;
    },
  },
};
