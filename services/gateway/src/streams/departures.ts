/**
 * When what has gathered leaves for Redis: at the end of the turn of the event loop when nothing has left for a while, together with what
 * else is waiting, and no sooner than so many ms after the last time. Who is alone waits for nothing; many share system calls and wake-ups, which at
 * a thousand messages a second are most of what a message costs.
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
