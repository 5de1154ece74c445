/**
 * The padded size of a file (PADMÉ, Nikitin et al., PETS 2019): keeps only the leading digits, so that few sizes occur, each at most 12 %
 * larger than the file.
 */
export function paddedSize(bytes: number): number {
  if (bytes < 2) return bytes;
  const exponent = Math.floor(Math.log2(bytes));
  const digits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** Math.max(0, exponent - digits);
  return Math.ceil(bytes / step) * step;
}

const ZEROS = new Uint8Array(64 * 1024);

/** The bytes, followed by zeros up to `size`. */
export async function* padded(bytes: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const part of bytes) {
    left -= part.length;
    yield part;
  }
  for (; left > 0; left -= ZEROS.length) yield ZEROS.subarray(0, left);
}
