import { readFile, writeFile } from 'node:fs/promises';
import { askNewSecret, askSecret } from '../ask.ts';
import type { Command } from '../command.ts';
import { CommandFailed } from '../failures.ts';
import { fromHere } from '../home.ts';
import { withClient } from '../session.ts';

/** Encrypted, but still private. */
const OWNER_ONLY = 0o600;

export const exportHistory: Command = {
  usage: 'FILE',
  takes: [1, 1],
  summary: 'export all conversations to a file, encrypted with a passphrase',
  run: ({ args: [file = ''], home, out }) =>
    withClient(home, async (client) => {
      const bytes = await client.exportHistory(await askNewSecret('Passphrase', out));
      const path = fromHere(file);
      await fileOr(path, writeFile(path, bytes, { mode: OWNER_ONLY, flag: 'wx' }));
      out.text(`${bytes.length} bytes in ${path}`);
    }),
};

export const importHistory: Command = {
  usage: 'FILE',
  takes: [1, 1],
  summary: 'add the messages that are missing here from an export',
  run: ({ args: [file = ''], home, out }) =>
    withClient(home, async (client) => {
      const path = fromHere(file);
      const bytes = await fileOr(path, readFile(path));
      const count = await client.importHistory(bytes, await askSecret('Passphrase', out));
      out.text(`${count} messages were new here.`);
    }),
};

async function fileOr<T>(path: string, done: Promise<T>): Promise<T> {
  try {
    return await done;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandFailed(
      `${path}: ${code ?? error}`,
      adviceFor[code ?? ''] ?? 'Check the path and its permissions.',
    );
  }
}

const adviceFor: Readonly<Record<string, string>> = {
  EEXIST: 'It exists already; name a new file.',
  ENOENT: 'There is no such file or folder.',
};
