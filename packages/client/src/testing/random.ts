/** A xorshift generator (Marsaglia): the same seed gives the same sequence. */
export function randomFrom(seed: number): () => number {
  let state = (seed | 0) + 0x9e3779b9;
  return () => {
    state = Math.imul(state ^ (state >>> 15), state | 1);
    state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
    return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
  };
}
