/** First and last byte, both inclusive. */
export type ByteRange = { first: number; last: number };

/**
 * What a Range header requests of a body of `size` bytes (RFC 9110, 14): 'all' without one, and for multiple ranges
 * or unknown units, which may be ignored; 'none' when none of it exists.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | 'all' | 'none' {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (from === '' && to === '') return 'all';
  if (from === '') {
    const count = Math.min(Number(to), size);
    return count === 0 ? 'none' : { first: size - count, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return 'all';
  return first >= size ? 'none' : { first, last };
}
