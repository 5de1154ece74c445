/** A look that comes later than this after the one before came late because the machine gave us no time. */
const LATE_LOOK_MS = 1_000;

/**
 * How long something may take, looked at several times a second. Time in which this process got no processor is not counted: the
 * services had none either, and what they do not do meanwhile is no fault of theirs.
 */
export class Patience {
  /** In which nothing ran here. */
  stoodStillMs = 0;
  #leftMs: number;
  #lookedAtMs: number;

  constructor(limitMs: number, nowMs: number) {
    this.#leftMs = limitMs;
    this.#lookedAtMs = nowMs;
  }

  isOver(nowMs: number): boolean {
    const passedMs = nowMs - this.#lookedAtMs;
    this.#lookedAtMs = nowMs;
    const countedMs = Math.min(passedMs, LATE_LOOK_MS);
    this.stoodStillMs += passedMs - countedMs;
    this.#leftMs -= countedMs;
    return this.#leftMs < 0;
  }
}
