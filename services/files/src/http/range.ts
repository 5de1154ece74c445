/** First and last byte, both included. */
export type ByteRange = { first: number; last: number };

/**
 * What a Range header asks of a body of `size` bytes (RFC 9110, 14): 'all' without one, for several at once and for units
 * that are not known, which may all be ignored; 'none' when nothing of it is there.
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
