import { type LocalLimit, limits } from './table.ts';

/** At most `count` in any `windowMs`, counted in this process for one connection. Memory is bounded by `count`. */
export class LocalRate {
  readonly #limit: LocalLimit;
  #taken: number[] | undefined;

  constructor(limit: LocalLimit) {
    this.#limit = limit;
  }

  /** 0 when one more is allowed now; otherwise the milliseconds until it is. */
  take(nowMs: number): number {
    const { count, windowMs } = this.#limit;
    // Created on first use, and only as large as needed.
    if (this.#taken === undefined) {
      this.#taken = [nowMs];
      return 0;
    }
    while (this.#taken[0] !== undefined && this.#taken[0] <= nowMs - windowMs) this.#taken.shift();
    // At least 1: the difference of two large fractions may round to 0, which would mean "allowed".
    if (this.#taken.length >= count)
      return Math.max(1, Math.ceil((this.#taken[0] ?? nowMs) + windowMs - nowMs));
    this.#taken.push(nowMs);
    return 0;
  }
}

type Named = Exclude<keyof typeof limits, 'excessPauseMs'>;

/** The rates of one connection, each created on first use: most connections never need most of them. */
export class LocalRates {
  #rates: Partial<Record<Named, LocalRate>> | undefined;

  /** 0 when one more is allowed now; otherwise the milliseconds until it is. */
  take(name: Named, nowMs: number): number {
    this.#rates ??= {};
    const rate = this.#rates[name] ?? new LocalRate(limits[name]);
    this.#rates[name] = rate;
    return rate.take(nowMs);
  }
}
