import type { Clock } from '@securechat/kernel';
import type { CloseReason, ErrorName } from '@securechat/protocol';
import { LocalRate } from './local-rate.ts';
import { limits } from './table.ts';

/** Refusals that an honest client meets in normal operation: races, retries, a conversation that moved on. */
const INNOCENT: ReadonlySet<ErrorName> = new Set([
  'SEQ_GAP',
  'STALE_EPOCH',
  'CONVERSATION_EXISTS',
  'USER_NOT_FOUND',
  'SERVER_UNAVAILABLE',
  'NETWORK_TIMEOUT',
  'EXPIRED',
  'UNKNOWN_TYPE',
]);

export type Verdict = { pauseMs: number; close?: CloseReason };

/** Counts what a connection does wrong and says when it has been enough. */
export class Offences {
  readonly #clock: Clock;
  readonly #faults = new LocalRate(limits.faults);
  readonly #excesses = new LocalRate(limits.excesses);
  readonly #persistent = new LocalRate(limits.persistentExcesses);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(error: ErrorName): Verdict {
    const now = this.#clock.monotonicMs();
    if (INNOCENT.has(error)) return { pauseMs: 0 };
    if (error !== 'RATE_LIMITED') {
      return this.#faults.take(now) > 0 ? { pauseMs: 0, close: 'protocol_violation' } : { pauseMs: 0 };
    }
    if (this.#persistent.take(now) > 0) return { pauseMs: 0, close: 'rate_limited' };
    return { pauseMs: this.#excesses.take(now) > 0 ? limits.excessPauseMs : 0 };
  }
}
