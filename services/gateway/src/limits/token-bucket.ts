/** Holds a second's worth and refills evenly. Counts for the whole process, in constant memory. */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs = 0;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
  }

  /** Takes one token, unless fewer than `kept` would be left. */
  take(nowMs: number, kept = 0): boolean {
    const refill = (Math.max(0, nowMs - this.#filledAtMs) * this.#perSecond) / 1000;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + refill);
    this.#filledAtMs = nowMs;
    if (this.#tokens < 1 + kept) return false;
    this.#tokens--;
    return true;
  }
}
