import { TransferFailed } from './errors.ts';

/**
 * What can be sent. Of a path on Node: `await openAsBlob(path)` of `node:fs`. A stream says its size beforehand, because room
 * is reserved for it.
 */
export type FileSource =
  | Blob
  | Uint8Array
  | { stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>; size: number };

/** Larger ones are read in parts, so that a whole file is never in memory. */
const READ_BYTES = 256 * 1024;

export const sizeOf = (source: FileSource): number =>
  source instanceof Uint8Array ? source.length : source.size;

/** Its bytes, once, a part at a time. Throws when a stream has another size than was said. */
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
