import { createWriteStream, openAsBlob } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Writable } from 'node:stream';
import type { FileInfo } from '@securechat/client';
import { FileNotGenuine, type Files, type Transfer } from '@securechat/client/files';
import { CommandFailed, exitCodes } from '../failures.ts';
import { fromHere } from '../home.ts';

/** By file extension, so that the receiver's app can show them. */
const PICTURES: Readonly<Record<string, string>> = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.webp': 'image/webp',
};

/** A file on disk to be sent; nothing of it is read yet. */
export async function fileFrom(path: string): Promise<{ source: Blob; name: string; mimeType: string }> {
  const full = fromHere(path);
  const found = await stat(full).catch((error: unknown) => {
    throw pathFailure(full, error);
  });
  if (!found.isFile()) throw new CommandFailed(`${full} is no file.`, 'Pack a folder into one file first.');
  const source = await openAsBlob(full);
  const mimeType = PICTURES[extname(full).toLowerCase()] ?? 'application/octet-stream';
  return { source, name: basename(full), mimeType };
}

/** Writes a received file. Never overwrites a file, and uses the final name only for a complete, authenticated one: until then it is PATH.part. */
export async function writeFileTo(
  files: Files,
  file: FileInfo,
  path: string,
  follow: (transfer: Transfer<void>) => void,
): Promise<string> {
  const full = fromHere(path);
  const part = `${full}.part`;
  // reserves the name at once, so that no other file can take it meanwhile
  const place = await open(full, 'wx').catch((error: unknown) => {
    throw pathFailure(full, error);
  });
  await place.close();
  try {
    const disk = createWriteStream(part, { flags: 'wx', flush: true });
    const transfer = files.receiveInto(file, Writable.toWeb(disk));
    follow(transfer);
    await transfer.done;
    await rename(part, full);
    return full;
  } catch (error) {
    await rm(full, { force: true });
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(part, { force: true });
    throw error instanceof FileNotGenuine ? notGenuine() : pathFailure(part, error);
  }
}

const notGenuine = (): CommandFailed =>
  new CommandFailed(
    'This is not the file that was sent: somebody has changed it.',
    'Nothing of it was kept. Ask its sender, and tell the operator of the server.',
    exitCodes.danger,
  );

function pathFailure(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EEXIST')
    return new CommandFailed(`${path} is there already.`, 'Name a file that is not, or move it away.');
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  return new CommandFailed(`${path}: ${code}`, 'Check the path, its rights and the room on the disk.');
}
