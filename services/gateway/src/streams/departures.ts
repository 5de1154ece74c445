/**
 * When batched records leave for Redis: at the end of the event-loop turn if nothing has left recently, together with
 * whatever else is waiting, and otherwise a fixed number of ms after the last departure. A lone record does not wait;
 * many share system calls and wake-ups, which at a thousand messages a second are most of a message's cost.
 */
export class Departures {
  readonly #everyMs: number;
  #waiting: (() => void)[] = [];
  #leftAtMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  add(leave: () => void): void {
    this.#waiting.push(leave);
    if (this.#waiting.length > 1) return;
    const earlyMs = this.#leftAtMs + this.#everyMs - performance.now();
    if (earlyMs > 0) setTimeout(() => this.#depart(), earlyMs);
    else setImmediate(() => this.#depart());
  }

  #depart(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#leftAtMs = performance.now();
    for (const leave of waiting) leave();
  }
}
