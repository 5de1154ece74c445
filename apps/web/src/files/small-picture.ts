import { pictureHeader } from './picture-header.ts';

/** Decoded, 4 MB. No honest picture of a few kilobytes has more. */
const MAX_PIXELS = 1_000_000;

/**
 * A picture from inside a message, with its type. Undefined when it is not one, or would decode to far more than its size: it is a
 * stranger's, and shown without anybody asking for it.
 */
export function smallPicture(bytes: Uint8Array): Blob | undefined {
  const header = pictureHeader(bytes);
  if (header === undefined || header.width * header.height > MAX_PIXELS) return undefined;
  return new Blob([bytes.slice()], { type: header.type });
}
