/** As the server counts: no 60 seconds may contain more than the limit. */
const WINDOW_MS = 60_000;

/** When the next message may be sent, over all conversations: within the user's limit, and after any delay the server named. */
export class Pace {
  /** Messages per 60 s; undefined until a server has said it. */
  perMinute: number | undefined;
  readonly #sentAtMs: number[] = [];
  #pausedUntilMs = 0;

  sent(nowMs: number): void {
    this.#sentAtMs.push(nowMs);
    this.#forget(nowMs);
  }

  pause(nowMs: number, ms: number): void {
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + ms);
  }

  waitMs(nowMs: number): number {
    this.#forget(nowMs);
    const pauseMs = Math.max(0, this.#pausedUntilMs - nowMs);
    const oldest = this.#sentAtMs.at(-(this.perMinute ?? Infinity));
    return oldest === undefined ? pauseMs : Math.max(pauseMs, oldest + WINDOW_MS - nowMs);
  }

  #forget(nowMs: number): void {
    while ((this.#sentAtMs[0] ?? nowMs) <= nowMs - WINDOW_MS) this.#sentAtMs.shift();
  }
}
