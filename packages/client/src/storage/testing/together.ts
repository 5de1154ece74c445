import type { Change } from '../store.ts';

const KEYS = Array.from({ length: 8 }, (_, index) => `together/${index}`);

/** Changes that belong together: the same round everywhere, 8 × 40 KB, some alternately deleted and put. */
export function together(round: number): Change[] {
  const value = new Uint8Array(new Uint32Array(10_000).fill(round).buffer);
  const flag = 'together/odd';
  return [
    ...KEYS.map((put) => ({ put, value })),
    round % 2 === 1 ? { put: flag, value: value.slice(0, 4) } : { delete: flag },
  ];
}

/** The rounds found; after an atomic write there is one. */
export function roundsOf(entries: readonly [string, Uint8Array<ArrayBuffer>][]): Set<number> {
  return new Set(entries.flatMap(([, value]) => [...new Uint32Array(value.buffer)]));
}

export const countOf = (round: number): number => KEYS.length + (round % 2);
