import { TransferFailed } from './errors.ts';

/**
 * What can be sent. For a path on Node: `await openAsBlob(path)` of `node:fs`. A stream states its size in advance, because quota is
 * reserved for it.
 */
export type FileSource =
  | Blob
  | Uint8Array
  | { stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>; size: number };

/** Blobs are read in parts of this size, so that a whole file is never in memory. */
const READ_BYTES = 256 * 1024;

export const sizeOf = (source: FileSource): number =>
  source instanceof Uint8Array ? source.length : source.size;

/** The bytes, once, in parts. Throws if a stream's size differs from what it stated. */
export async function* bytesOf(source: FileSource): AsyncGenerator<Uint8Array> {
  if (source instanceof Uint8Array) return yield* partsOf(source);
  if (source instanceof Blob) {
    for (let at = 0; at < source.size; at += READ_BYTES)
      yield new Uint8Array(await source.slice(at, at + READ_BYTES).arrayBuffer());
    return;
  }
  let left = source.size;
  for await (const part of source.stream as AsyncIterable<Uint8Array>) {
    left -= part.length;
    if (left < 0) break;
    yield part;
  }
  if (left !== 0) throw new TransferFailed('the stream has another size than was said');
}

function* partsOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += READ_BYTES) yield bytes.subarray(at, at + READ_BYTES);
}
