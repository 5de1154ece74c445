import type { Client, FileInfo } from '@securechat/client';
import { pictureHeader } from './picture-header.ts';
import { filesOf } from './transfers.ts';

/** Files declared as pictures, up to this size, are loaded automatically. Whether they are pictures is decided by their bytes. */
const CALLED_PICTURES = new Set(['image/png', 'image/jpeg', 'image/webp']);
const MAX_BYTES = 10_000_000;
/** Decoded, 100 MB while drawing. */
const MAX_PIXELS = 25_000_000;
/** Longest edge shown: a bubble on a screen with three device pixels per CSS pixel. */
const SHOWN_EDGE = 1_600;
/** Cached pictures, so that returning to a conversation does not load them again. A few hundred KB each. */
const MAX_KEPT = 60;

const kept = new Map<string, Promise<Blob | undefined>>();

export function mayBePicture({ mimeType, size }: FileInfo): boolean {
  return CALLED_PICTURES.has(mimeType) && size <= MAX_BYTES;
}

/** The picture, redrawn, so that only pixels come from the file. Undefined when it is not one, is too large, or cannot be loaded. */
export function pictureOf(client: Client, file: FileInfo): Promise<Blob | undefined> {
  const known = kept.get(file.fileId);
  if (known !== undefined) return known;
  const drawn = load(client, file).catch(() => {
    // it may succeed another time
    kept.delete(file.fileId);
    return undefined;
  });
  kept.set(file.fileId, drawn);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return drawn;
}

async function load(client: Client, file: FileInfo): Promise<Blob | undefined> {
  const files = await filesOf(client);
  return await drawAnew(await files.receive(file).done);
}

async function drawAnew(blob: Blob): Promise<Blob | undefined> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const header = pictureHeader(bytes);
  // checked before decoding: a few bytes may expand to gigabytes of pixels
  if (header === undefined || header.width * header.height > MAX_PIXELS) return undefined;
  const picture = await createImageBitmap(new Blob([bytes], { type: header.type }));
  const scale = Math.min(1, SHOWN_EDGE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale));
  const height = Math.max(1, Math.round(picture.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, width, height);
  picture.close();
  return await canvas.convertToBlob({ type: 'image/webp', quality: 0.9 });
}
