import {
  BREAKER_HALF_OPENS_AFTER_MS,
  type BreakerState,
  breakerAfterFailure,
  closedBreaker,
  reconnectDelayMs,
} from '@securechat/protocol';
import type { Clock } from '../clock.ts';

/** The server's hint is honoured, but never beyond what an open breaker would wait. */
const MAX_HINT_MS = BREAKER_HALF_OPENS_AFTER_MS;
/** A flapping network is no reason to reconnect more often than this. */
const MIN_GAP_MS = 1_000;

/**
 * When to try again.
 *
 * ladder   after a failure: 1, 2, 4 … 30 s, each with jitter. Left by a healthy connection.
 * breaker  open after ten failures in a row: one attempt every five minutes, or on `nudge`.
 * hint     the server named a delay: it takes precedence, and `nudge` does not cut it short.
 */
export class Reconnect {
  readonly #clock: Clock;
  readonly #random: () => number;
  #breaker: BreakerState = closedBreaker;
  #triedAtMs: number;
  #hasHint = false;
  #wakeAfter: ((ms: number) => void) | undefined;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
    this.#triedAtMs = clock.monotonicMs() - MIN_GAP_MS;
  }

  get isOpen(): boolean {
    return this.#breaker.openedAtMs !== undefined;
  }

  tries(): void {
    this.#triedAtMs = this.#clock.monotonicMs();
  }

  /** Call it when the server has answered a ping. */
  succeeded(): void {
    this.#breaker = closedBreaker;
  }

  /** Returns the delay before the next attempt, in ms. */
  failed(hintMs: number | undefined): number {
    this.#breaker = breakerAfterFailure(this.#breaker, this.#clock.monotonicMs());
    this.#hasHint = hintMs !== undefined;
    if (hintMs !== undefined) return Math.min(hintMs, MAX_HINT_MS);
    if (this.isOpen) return BREAKER_HALF_OPENS_AFTER_MS;
    return reconnectDelayMs(this.#breaker.failures, this.#random());
  }

  /** Resolves after `ms`, on `nudge`, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancels = [this.#clock.after(ms, resolve)];
    this.#wakeAfter = (soonMs) => cancels.push(this.#clock.after(soonMs, resolve));
    const wake = (): void => resolve();
    signal.addEventListener('abort', wake);
    await promise;
    signal.removeEventListener('abort', wake);
    this.#wakeAfter = undefined;
    for (const cancel of cancels) cancel();
  }

  nudge(): void {
    if (this.#hasHint) return;
    const gapMs = MIN_GAP_MS - (this.#clock.monotonicMs() - this.#triedAtMs);
    this.#wakeAfter?.(Math.max(gapMs, 0));
  }
}
