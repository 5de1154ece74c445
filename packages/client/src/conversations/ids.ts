import { randomId } from '../bytes.ts';

const RANDOM_BYTES = 18;

/** An id of 144 random bits behind a prefix that says of what it is. */
export function newId(prefix: 'm_' | 'c_' | 'k_' | 't_'): string {
  return randomId(prefix, RANDOM_BYTES);
}
