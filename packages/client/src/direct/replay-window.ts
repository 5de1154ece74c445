/** Numbers behind the greatest one that may still come: as many as a channel that reorders keeps on its way. */
const WIDTH = 64;

/** Which numbers of a session have come: each counts once, and none that is older than the window. */
export class ReplayWindow {
  #greatest = 0;
  readonly #seen = new Set<number>();

  /** Whether the number, from 1 on, is new; from then on it is not. */
  take(number: number): boolean {
    if (number <= this.#greatest - WIDTH || this.#seen.has(number)) return false;
    this.#seen.add(number);
    this.#greatest = Math.max(this.#greatest, number);
    for (const old of this.#seen) if (old <= this.#greatest - WIDTH) this.#seen.delete(old);
    return true;
  }
}
