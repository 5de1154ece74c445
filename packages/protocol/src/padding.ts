/**
 * Size classes of plaintexts: server and network learn only a message's class. Doubling costs at most as much again
 * as was written, and few classes reveal little. The largest fits a chat frame after encryption, base64, envelope and
 * signature.
 */
export const PADDING_CLASSES: readonly number[] = [256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768];

/** Smallest class that holds `bytes`; RangeError if none does. */
export function paddedLength(bytes: number): number {
  const length = PADDING_CLASSES.find((size) => size >= bytes);
  if (length === undefined) throw new RangeError(`no size class holds ${bytes} bytes`);
  return length;
}
