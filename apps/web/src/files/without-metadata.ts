import { jpegPieces } from './metadata/jpeg.ts';
import { NotAsExpected } from './metadata/pieces.ts';
import { pngPieces } from './metadata/png.ts';
import { webpPieces } from './metadata/webp.ts';
import { pictureHeader } from './picture-header.ts';

/** A picture is read whole; a larger file is sent as it is. */
const MAX_BYTES = 100_000_000;
/** A JPEG says its size behind what cameras wrote into it. */
const HEAD_BYTES = 256 * 1024;

/**
 * A picture without what a camera or a program wrote into it: where, when and by whom it was taken, smaller versions of it, and what follows
 * its end. Its pixels, colours and orientation stay as they are. Anything but a sound JPEG, PNG or WebP comes back as it is.
 */
export async function withoutMetadata(file: File): Promise<File> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  if (file.size > MAX_BYTES || pictureHeader(head) === undefined) return file;
  const pieces = neededPieces(new Uint8Array(await file.arrayBuffer()));
  return pieces === undefined ? file : new File(pieces as BlobPart[], file.name, { type: file.type });
}

/** What is left of a picture; undefined for anything else. */
export function neededPieces(bytes: Uint8Array): Uint8Array[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return jpegPieces(view) ?? pngPieces(view) ?? webpPieces(view);
  } catch (error) {
    if (error instanceof NotAsExpected || error instanceof RangeError) return undefined;
    throw error;
  }
}
