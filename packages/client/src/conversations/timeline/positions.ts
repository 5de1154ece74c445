import { sortable } from '../../storage/store.ts';

/**
 * Where an entry stands, as text that sorts. What the server has placed stands at its place; several entries of one place,
 * and what belongs right before it, are told apart by what follows. Own messages without a place stand behind all others.
 */
export const positions = {
  placed: (place: number) => `${sortable(place)}`,
  /** Behind `place` and before the next one. */
  behind: (place: number, index: number) => `${sortable(place)}.${String(index).padStart(4, '0')}`,
  waiting: (number: number) => `~${sortable(number)}`,
};

export function isWaiting(position: string): boolean {
  return position.startsWith('~');
}
