import type { Change, ListOptions } from './store.ts';

const MAX_KEY_LENGTH = 512;
/** Far above the largest value, the key state of a group of 500 devices (200 KB). */
const MAX_VALUE_BYTES = 16 * 1024 * 1024;

const VISIBLE_ASCII = /^[!-~]+$/;
/** Sort before and after every character allowed in a key. */
const BEFORE_ANY = ' ';
const BEHIND_ANY = '\x7f';

/** Checks the caller's arguments before anything is touched. */
export function checkChanges(changes: readonly Change[]): void {
  for (const change of changes) {
    if ('delete' in change) {
      checkKey(change.delete);
      continue;
    }
    checkKey(change.put);
    if (change.value.byteLength > MAX_VALUE_BYTES) {
      throw new RangeError(`a value has at most ${MAX_VALUE_BYTES} bytes, not ${change.value.byteLength}`);
    }
  }
}

export function checkKey(key: string): void {
  if (key.length > MAX_KEY_LENGTH || !VISIBLE_ASCII.test(key)) {
    throw new RangeError(`a key has 1 to ${MAX_KEY_LENGTH} visible ASCII characters`);
  }
}

export type KeyRange = {
  /** Inclusive. */
  readonly from: string;
  /** Exclusive; not above `from` when the range is empty. */
  readonly to: string;
  readonly limit: number | undefined;
};

/** The range of keys for a `list`. */
export function rangeOf(prefix: string, { after, limit, reverse = false }: ListOptions): KeyRange {
  checkKey(prefix);
  if (after !== undefined) checkKey(after);
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit > 0)) {
    throw new RangeError('a limit is a whole number from 1');
  }
  const from = after === undefined || reverse ? prefix : later(prefix, after + BEFORE_ANY);
  const end = prefix + BEHIND_ANY;
  const to = after !== undefined && reverse ? earlier(end, after) : end;
  return { from, to, limit };
}

const later = (a: string, b: string): string => (a > b ? a : b);
const earlier = (a: string, b: string): string => (a < b ? a : b);
