import { randomId } from '../bytes.ts';

const RANDOM_BYTES = 18;

/** A prefix naming the kind of object, and 144 random bits. */
export function newId(prefix: 'm_' | 'c_' | 'k_' | 't_'): string {
  return randomId(prefix, RANDOM_BYTES);
}
