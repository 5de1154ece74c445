import { sha256 } from '@noble/hashes/sha2.js';
import { FileNotGenuine, openFile } from '@securechat/crypto/file-cipher';
import { decodeBase64, encodeBase64 } from '@securechat/protocol';
import type { FileInfo } from '../api/index.ts';
import type { Road } from './road.ts';
import type { Course } from './transfer.ts';
import { MOST_CHUNKS } from './window.ts';

/**
 * The content of a file, part by part, each authenticated in its position. Only the end shows whether the file is complete and the right
 * one: it throws `FileNotGenuine` there if not.
 */
export async function* download(
  file: FileInfo,
  road: Road,
  course: Course,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const hash = sha256.create();
  const context = new TextEncoder().encode(file.fileId);
  let left = file.size;
  for await (const part of openFile(chunksOf(file, road, course), decodeBase64(file.key), context)) {
    // cut off the padding after the content
    const content = part.subarray(0, left);
    left -= content.length;
    hash.update(content);
    if (content.length > 0) yield content;
    course.reached(file.size - left);
  }
  if (left !== 0 || encodeBase64(hash.digest()) !== file.sha256) throw new FileNotGenuine();
}

/** In order, fetching a few ahead. */
async function* chunksOf(file: FileInfo, road: Road, course: Course): AsyncGenerator<Uint8Array> {
  const { fileId, chunkSize, cipherSize } = file;
  const totalChunks = Math.ceil(cipherSize / chunkSize);
  const ahead: Promise<Uint8Array>[] = [];
  for (let index = 0; index < totalChunks || ahead.length > 0; ) {
    while (index < totalChunks && ahead.length < MOST_CHUNKS) {
      await course.mayGoOn();
      const coming = road.get({ fileId, index: index++, totalChunks });
      // awaited below, unless an earlier one has failed
      coming.catch(() => undefined);
      ahead.push(coming);
    }
    yield (await ahead.shift()) as Uint8Array;
  }
}
