import { sortable } from '../../storage/store.ts';

/**
 * The position of an entry as sortable text. Entries placed by the server sort by place; a suffix separates several entries of one place
 * and those just before it. Own messages without a place sort last.
 */
export const positions = {
  placed: (place: number) => `${sortable(place)}`,
  /** After `place` and before the next one. */
  behind: (place: number, index: number) => `${sortable(place)}.${String(index).padStart(4, '0')}`,
  waiting: (number: number) => `~${sortable(number)}`,
};

export function isWaiting(position: string): boolean {
  return position.startsWith('~');
}
