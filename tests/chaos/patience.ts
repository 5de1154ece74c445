/** A check later than this after the previous one was delayed by the machine. */
const LATE_LOOK_MS = 1_000;

/**
 * A deadline that is checked several times a second. Time in which this process got no CPU does not count: the services had none either,
 * and are not to blame for what they did not do.
 */
export class Patience {
  /** How long nothing ran here. */
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
