/** How far below the greatest number a late one is accepted: as many as a reordering channel holds in flight. */
const WIDTH = 64;

/** The numbers received in a session: each counts once, and none older than the window. */
export class ReplayWindow {
  #greatest = 0;
  readonly #seen = new Set<number>();

  /** Returns whether the number (from 1) is new, and records it. */
  take(number: number): boolean {
    if (number <= this.#greatest - WIDTH || this.#seen.has(number)) return false;
    this.#seen.add(number);
    this.#greatest = Math.max(this.#greatest, number);
    for (const old of this.#seen) if (old <= this.#greatest - WIDTH) this.#seen.delete(old);
    return true;
  }
}
