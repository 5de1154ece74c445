/**
 * The source of every choice in a run, so that a seed repeats the run. `fork` gives one part its own generator, whose choices do not
 * depend on how often others are used.
 */
export type Random = {
  /** From 0 to below 1. */
  next(): number;
  /** An integer, both ends included. */
  between(least: number, most: number): number;
  pick<T>(list: readonly [T, ...T[]] | readonly T[]): T;
  shuffled<T>(list: readonly T[]): T[];
  fork(name: string): Random;
};

const MAX = 2 ** 32;

/** Mulberry32: small, fast, and good enough to choose what to break. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;

  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / MAX;
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));

  return {
    next,
    between,
    pick(list) {
      const index = between(0, list.length - 1);
      if (list.length === 0) throw new RangeError('there is nothing to pick from');
      return list[index] as (typeof list)[number];
    },
    shuffled(list) {
      const result = [...list];
      for (let last = result.length - 1; last > 0; last--) {
        const other = between(0, last);
        const [one, two] = [result[last], result[other]] as [(typeof list)[number], (typeof list)[number]];
        result[last] = two;
        result[other] = one;
      }
      return result;
    },
    fork: (name) => seededRandom(hash(`${seed} ${name}`)),
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
  return value;
}
