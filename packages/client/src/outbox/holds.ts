import { DEFAULT_RETRY_POLICY, type Downstream, retryDelayMs } from '@securechat/protocol';
import type { Clock } from '../clock.ts';
import type { Entry } from './entry.ts';
import type { Pace } from './pace.ts';
import { isOperation } from './queue.ts';

/** Delay after a failed step: a second, doubling each time. */
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/** What delays a lane. A delayed operation waits alone; a delayed chat also holds back those behind it. */
export class Holds {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #pace: Pace;
  #failures = 0;
  #pausedUntilMs = 0;
  #chatsNotBeforeMs = 0;

  constructor(clock: Clock, random: () => number, pace: Pace) {
    this.#clock = clock;
    this.#random = random;
    this.#pace = pace;
  }

  /** A local step failed. */
  failed(): void {
    const ms = Math.min(PAUSE_MS * 2 ** this.#failures++, MAX_PAUSE_MS);
    this.#pausedUntilMs = this.#clock.monotonicMs() + ms;
  }

  succeeded(): void {
    this.#failures = 0;
  }

  /** The caller knows that trying now is worthwhile. */
  resume(): void {
    this.#pausedUntilMs = 0;
  }

  /** It must not be sealed earlier. */
  notBefore(entry: Entry, ms: number): void {
    entry.notBeforeMs = this.#clock.monotonicMs() + ms;
  }

  /** The server said "later". */
  postpone(entry: Entry, { error_code, retry_after_ms }: Downstream<'error'>): void {
    const nowMs = this.#clock.monotonicMs();
    const delayMs = retry_after_ms ?? this.#delayMs(entry.refusals);
    if (isOperation(entry)) this.notBefore(entry, delayMs);
    else if (error_code === 'RATE_LIMITED') this.#pace.pause(nowMs, delayMs);
    else this.#chatsNotBeforeMs = nowMs + delayMs;
  }

  /**
   * The server wants another form. Chats have to wait for other keys anyway; an operation refused repeatedly would be rebuilt as fast as
   * the answers arrive.
   */
  refusedForm(entry: Entry): void {
    if (!isOperation(entry) || entry.refusals < 2) return;
    this.notBefore(entry, this.#delayMs(entry.refusals - 1));
  }

  waitMs(entry: Entry): number {
    const nowMs = this.#clock.monotonicMs();
    const ownMs = Math.max(this.#pausedUntilMs, entry.notBeforeMs) - nowMs;
    if (isOperation(entry)) return ownMs;
    return Math.max(ownMs, this.#chatsNotBeforeMs - nowMs, this.#pace.waitMs(nowMs));
  }

  #delayMs(attempt: number): number {
    return retryDelayMs(DEFAULT_RETRY_POLICY, attempt, this.#random()) ?? DEFAULT_RETRY_POLICY.max_delay_ms;
  }
}
