import type { Clock } from '../../clock.ts';
import { settled } from '../../testing/fake-clock.ts';

type Timer = { readonly atMs: number; readonly work: () => void };

/** Time controlled by the test. */
export class VirtualClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  now(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, ms), work };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Runs the next timer, and all that follows at once. False when none is set. */
  async tick(): Promise<boolean> {
    await settled();
    const earliestMs = Math.min(...this.#timers.map(({ atMs }) => atMs));
    const next = this.#timers.find(({ atMs }) => atMs === earliestMs);
    if (!next) return false;
    this.#timers.splice(this.#timers.indexOf(next), 1);
    this.#nowMs = next.atMs;
    next.work();
    await settled();
    return true;
  }

  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    this.after(ms, () => undefined);
    while (this.#nowMs < untilMs) await this.tick();
  }
}
