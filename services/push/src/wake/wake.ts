import type { Logger } from '@securechat/kernel';
import { DEFAULT_RETRY_POLICY, retryDelayMs } from '@securechat/protocol';
import type { Pool } from 'pg';
import type { PushMetrics } from '../metrics.ts';
import { ATTEMPTS, type Attempt } from '../queue.ts';
import type { Outcome } from '../send/outcome.ts';
import { forgetTarget, type Target } from '../store/subscriptions.ts';
import { claim, isOwed, noteFailure, postpone, settle, settleWoken, type Timing } from '../store/wakes.ts';

/** Bounds on the delay that a push service may request with a 429, and the default if it names none. */
const SHORTEST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 3_600_000;
const USUAL_DELAY_MS = 60_000;
/** On top of the requests: delays between attempts, and a busy machine's slowness. */
const CLAIM_SLACK_MS = 5_000;

/** By then all attempts of a wake are over, provided that each takes no longer than this. */
export function claimMsFor(attemptMs: number): number {
  const waits = Array.from(
    { length: ATTEMPTS - 1 },
    (_, n) => retryDelayMs(DEFAULT_RETRY_POLICY, n + 1, 1) ?? 0,
  );
  return ATTEMPTS * attemptMs + waits.reduce((sum, ms) => sum + ms, CLAIM_SLACK_MS);
}

export type Send = (target: Target) => Promise<Outcome>;

/**
 * One attempt to wake a device: claim it, send it, record the outcome. A process that dies in between leaves a claim
 * that expires, so the device is woken later, and at most once too often.
 */
export function createWake(parts: {
  pool: Pool;
  timing: Timing;
  send: Send;
  metrics: PushMetrics;
  logger: Logger;
}) {
  const { pool, timing, send, metrics, logger } = parts;

  async function giveUp(id: number, target: string, outcome: 'refused' | 'failed'): Promise<void> {
    const isDropped = await noteFailure(pool, id, target);
    if (isDropped) metrics.dropped('failed');
    logger.info({ subscription: id, outcome, isDropped }, 'a device could not be woken');
  }

  return async (id: number, attempt: { isRetry: boolean; isLast: boolean }): Promise<Attempt> => {
    const claimed = await claim(pool, id, timing, attempt.isRetry);
    if (claimed === undefined) return 'over';
    const { through, ageMs, ...target } = claimed;
    if (!(await isOwed(pool, id))) {
      await settle(pool, id, through);
      return 'over';
    }
    const outcome = await send(target);
    if (outcome.kind !== 'taken') metrics.failed(outcome.kind);
    switch (outcome.kind) {
      case 'taken':
        await settleWoken(pool, id, through);
        metrics.sent(target.kind);
        metrics.queueAge.observe(Math.max(0, ageMs) / 1000);
        return 'over';
      case 'gone':
        if (await forgetTarget(pool, id, target.target)) metrics.dropped('gone');
        return 'over';
      case 'later':
        await postpone(pool, id, bounded(outcome.afterMs ?? USUAL_DELAY_MS));
        return 'over';
      case 'refused':
        await giveUp(id, target.target, 'refused');
        return 'over';
      case 'failed':
        if (!attempt.isLast) return 'failed';
        await giveUp(id, target.target, 'failed');
        return 'over';
    }
  };
}

const bounded = (ms: number): number => Math.min(Math.max(ms, SHORTEST_DELAY_MS), LONGEST_DELAY_MS);
