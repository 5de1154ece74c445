import { pictureHeader } from './picture-header.ts';

/** Decoded, 4 MB. More than a picture of a few kilobytes can hold that somebody wants to be seen. */
const MAX_PIXELS = 1_000_000;

/**
 * A picture that came inside a message, as what it is. Undefined for what is none, or would be decoded to far more than its bytes: it is a
 * stranger's, and is shown without anybody asking for it.
 */
export function smallPicture(bytes: Uint8Array): Blob | undefined {
  const header = pictureHeader(bytes);
  if (header === undefined || header.width * header.height > MAX_PIXELS) return undefined;
  return new Blob([bytes.slice()], { type: header.type });
}
