import { sha256 } from '@noble/hashes/sha2.js';
import {
  cut,
  FILE_KEY_BYTES,
  SEALED_SEGMENT_BYTES,
  sealedBytes,
  sealFile,
} from '@securechat/crypto/file-cipher';
import { encodeBase64 } from '@securechat/protocol';
import type { FileInfo } from '../api/index.ts';
import { TransferFailed } from './errors.ts';
import { padded, paddedSize } from './padding.ts';
import type { Road } from './road.ts';
import { bytesOf, type FileSource, sizeOf } from './source.ts';
import type { Course } from './transfer.ts';
import { Window } from './window.ts';

/** Segments per chunk: few for a small file, so that progress shows; else as many as fit. */
const FEW_SEGMENTS = 4;
const MANY_SEGMENTS = 15;
const SMALL_FILE_BYTES = 1_000_000;
const VERIFY_LOOK_MS = 500;

export type Described = { fileId: string; name: string; mimeType: string; conversationId: string };

/** Encrypts a file, uploads it and has it verified. Resolves with what receivers need to open it. */
export async function upload(
  source: FileSource,
  described: Described,
  road: Road,
  course: Course,
): Promise<FileInfo> {
  const size = sizeOf(source);
  const plainSize = paddedSize(size);
  const cipherSize = sealedBytes(plainSize);
  const chunkSize = SEALED_SEGMENT_BYTES * (size < SMALL_FILE_BYTES ? FEW_SEGMENTS : MANY_SEGMENTS);
  const totalChunks = Math.ceil(cipherSize / chunkSize);
  const { fileId, conversationId, name, mimeType } = described;
  await road.ask('file_offer', {
    file_id: fileId,
    conversation_id: conversationId,
    file_size: cipherSize,
    chunk_size: Math.min(chunkSize, cipherSize),
    total_chunks: totalChunks,
  });

  const key = crypto.getRandomValues(new Uint8Array(FILE_KEY_BYTES));
  const ofContent = sha256.create();
  const ofCiphertext = sha256.create();
  const content = tapped(bytesOf(source), (part) => ofContent.update(part));
  const sealed = sealFile(padded(content, plainSize), key, new TextEncoder().encode(fileId));
  const window = new Window();
  let index = 0;
  let sentBytes = 0;
  for await (const chunk of cut(sealed, chunkSize)) {
    // happens when the ciphertext ends with a full chunk
    if (chunk.length === 0) break;
    await course.mayGoOn();
    ofCiphertext.update(chunk);
    const place = { fileId, index: index++, totalChunks };
    await window.run(async () => {
      await road.put(place, chunk);
      sentBytes += chunk.length;
      course.reached((sentBytes / cipherSize) * size);
    });
  }
  await window.idle();
  await verify(road, fileId, cipherSize, encodeBase64(ofCiphertext.digest()));
  return {
    ...{ fileId, key: encodeBase64(key), name, mimeType, size },
    ...{ sha256: encodeBase64(ofContent.digest()), cipherSize, chunkSize: Math.min(chunkSize, cipherSize) },
  };
}

/** The server reads everything back before it serves the file. */
async function verify(road: Road, fileId: string, size: number, hash: string): Promise<void> {
  const claim = {
    file_id: fileId,
    bytes_received: size,
    total_bytes: size,
    status: 'complete' as const,
    sha256: hash,
  };
  for (;;) {
    const { state } = await road.ask('file_progress', claim);
    if (state === 'complete') return;
    await new Promise((resolve) => setTimeout(resolve, VERIFY_LOOK_MS));
    const now = await road.ask('file_status', { file_id: fileId });
    if (now.state === 'complete') return;
    if (now.state !== 'verifying') throw new TransferFailed('the server has not received what was sent');
  }
}

async function* tapped(
  parts: AsyncIterable<Uint8Array>,
  see: (part: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const part of parts) {
    see(part);
    yield part;
  }
}
