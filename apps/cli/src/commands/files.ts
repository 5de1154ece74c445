import type { Client, FileInfo, Message } from '@securechat/client';
import { openFiles, type Transfer } from '@securechat/client/files';
import { type Command, type Option, UsageError } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { fileFrom, writeFileTo } from '../files/from-path.ts';
import { percentOf, progressBar, sizeText } from '../files/progress-bar.ts';
import { messageLine } from '../json-lines.ts';
import type { Output } from '../output/output.ts';
import { stored, untilAskedToEnd, withConnection } from '../session.ts';
import { conversationOf } from './send.ts';

/** Step of a progress bar printed line by line. */
const STEP_PERCENT = 10;

const json: Option = {
  type: 'boolean',
  doc: 'print progress and result as one JSON object per line; docs/cli.md names the fields',
};

export const sendFile: Command = {
  usage: 'TO PATH',
  takes: [2, 2],
  summary: 'send a file to a user or a conversation; Ctrl-C cancels',
  options: {
    json,
    type: { type: 'string', value: 'TYPE', doc: 'its MIME type, shown to receivers' },
  },
  async run({ args: [to = '', path = ''], values, flags, home, out }) {
    const { source, name, mimeType } = await fileFrom(path);
    await withConnection(home, async (client) => {
      const chat = await conversationOf(client, to);
      const transfer = openFiles(client).send(chat, source, { name, mimeType: values.type ?? mimeType });
      tellProgress(transfer, out, flags.has('json'));
      const sent = await untilAskedToEnd(transfer.cancel, () => transfer.done);
      const message = await stored(client, sent);
      if (flags.has('json')) out.json(messageLine(chat, message, 'message'));
      else out.text(`stored as ${message.id} in ${chat.id}`);
    });
  },
};

export const receiveFile: Command = {
  usage: 'CONVERSATION MESSAGE PATH',
  takes: [3, 3],
  summary: 'save the file of a message to PATH, which must not exist yet',
  options: { json },
  async run({ args: [id = '', messageId = '', path = ''], flags, home, out }) {
    await withConnection(home, async (client) => {
      const file = await fileOf(client, id, messageId);
      let transfer: Transfer<void> | undefined;
      const written = await untilAskedToEnd(
        () => transfer?.cancel(),
        () =>
          writeFileTo(openFiles(client), file, path, (begun) => {
            transfer = begun;
            tellProgress(begun, out, flags.has('json'));
          }),
      );
      const { fileId, size } = file;
      if (flags.has('json')) out.json({ type: 'received', fileId, path: written, size });
      else out.text(`${sizeText(size)} in ${written}`);
    });
  },
};

export const listFiles: Command = {
  usage: '',
  takes: [0, 0],
  summary: 'list your files at the server, and the space they use',
  options: { json: { type: 'boolean', doc: 'one JSON object per line' } },
  run: ({ flags, home, out }) =>
    withConnection(home, async (client) => {
      const files = openFiles(client);
      let page = await files.stored();
      const { usedBytes, reservedBytes, limitBytes } = page;
      if (flags.has('json')) out.json({ type: 'storage', usedBytes, reservedBytes, limitBytes });
      else out.text(`${sizeText(usedBytes + reservedBytes)} of ${sizeText(limitBytes)} are in use`);
      for (;;) {
        for (const file of page.files) {
          if (flags.has('json')) out.json({ type: 'file', ...file });
          else out.text(storedLine(file));
        }
        if (!page.more) return;
        page = await files.stored(page.files.at(-1)?.fileId);
      }
    }),
};

export const removeFile: Command = {
  usage: 'FILE',
  takes: [1, 1],
  summary: 'delete one of your files for everybody and free its space; `securechat files` lists them',
  async run({ args: [fileId = ''], home, out }) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(fileId)) throw new UsageError(`${fileId} is not a file id`);
    await withConnection(home, (client) => openFiles(client).remove(fileId));
    out.text('Nobody can download it any more.');
  },
};

export function storedLine(file: {
  fileId: string;
  conversationId: string;
  size: number;
  isComplete: boolean;
  expiresAtMs: number;
}): string {
  const until = new Date(file.expiresAtMs).toISOString().slice(0, 10);
  const state = file.isComplete ? '' : '  not complete';
  return `${file.fileId}  ${sizeText(file.size)}  in ${file.conversationId}  until ${until}${state}`;
}

async function fileOf(client: Client, id: string, messageId: string): Promise<FileInfo> {
  const chat = await conversationOf(client, id);
  const message: Message | undefined = await chat.message(messageId);
  if (message?.body.type === 'file') return message.body;
  throw new CommandFailed(
    `The message ${messageId} is not on this device, or has no file.`,
    'It may not have arrived yet; `securechat listen --json` shows the ids.',
  );
}

function tellProgress(transfer: Transfer<unknown>, out: Output, isJson: boolean): void {
  const { fileId } = transfer;
  let told = -STEP_PERCENT;
  transfer.onProgress((progress) => {
    if (isJson) return out.json({ type: 'progress', fileId, ...progress });
    const percent = percentOf(progress);
    if (percent < told + STEP_PERCENT && percent < 100) return;
    told = percent;
    out.hint(progressBar(progress));
  });
}
