import type { Clock } from '@securechat/kernel';
import type { CloseReason, ErrorName } from '@securechat/protocol';
import type { LocalRates } from './local-rate.ts';
import { limits } from './table.ts';

/** Refusals that an honest client meets in normal operation: races, retries, a conversation that moved on. */
const INNOCENT: ReadonlySet<ErrorName> = new Set([
  'SEQ_GAP',
  'STALE_EPOCH',
  'STALE_LOG',
  'COMMIT_REQUIRED',
  'LAST_OWNER',
  'GROUP_FULL',
  'CONVERSATION_EXISTS',
  'USER_NOT_FOUND',
  'SERVER_UNAVAILABLE',
  'NETWORK_TIMEOUT',
  'EXPIRED',
  // a copy that was held up on the way arrives after another form of the message was stored; it is charged as a message
  'ID_REUSED',
  'KEY_ALREADY_USED',
  'KEY_LIMIT_REACHED',
  'STORAGE_FULL',
  'FILE_INCOMPLETE',
  'FILE_CORRUPT',
]);

/**
 * Never closes the connection, but a flood is slowed down: a newer client meets an older server, an outbox has become
 * too old while its device was away, another device was quicker to answer.
 */
const FORGIVEN: ReadonlySet<ErrorName> = new Set([
  'UNKNOWN_TYPE',
  'TIMESTAMP_OUT_OF_WINDOW',
  'SESSION_TAKEN',
]);

/** The scope of `RATE_LIMITED` when all users together are over the limit. */
export const GLOBAL_SCOPE = 'global';

export type Verdict = { pauseMs: number; close?: CloseReason };

/** Counts a connection's offences and decides when to pause or close it. */
export class Offences {
  readonly #clock: Clock;
  readonly #rates: LocalRates;

  constructor(clock: Clock, rates: LocalRates) {
    this.#clock = clock;
    this.#rates = rates;
  }

  /** `scope` says which limit was exceeded; the global one is nobody's own fault. */
  add(error: ErrorName, scope?: string): Verdict {
    const now = this.#clock.monotonicMs();
    if (INNOCENT.has(error) || scope === GLOBAL_SCOPE) return { pauseMs: 0 };
    if (FORGIVEN.has(error))
      return { pauseMs: this.#rates.take('strangers', now) > 0 ? limits.excessPauseMs : 0 };
    // Users block, remove and leave while others write, so this never closes; but probing is slowed down.
    if (error === 'PERMISSION_DENIED')
      return { pauseMs: this.#rates.take('denials', now) > 0 ? limits.excessPauseMs : 0 };
    if (error !== 'RATE_LIMITED') {
      return this.#rates.take('faults', now) > 0
        ? { pauseMs: 0, close: 'protocol_violation' }
        : { pauseMs: 0 };
    }
    if (this.#rates.take('persistentExcesses', now) > 0) return { pauseMs: 0, close: 'rate_limited' };
    return { pauseMs: this.#rates.take('excesses', now) > 0 ? limits.excessPauseMs : 0 };
  }
}
