import type { Logger } from '@securechat/kernel';
import type { Pool } from 'pg';
import type { PushMetrics } from '../metrics.ts';
import type { Outcome } from '../send/outcome.ts';
import type { Post } from '../send/post.ts';
import { signedHeaders } from '../send/sign.ts';
import { type ClaimedEvent, claimEvent, noteEventFailure, removeEvent } from '../store/webhook-events.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/**
 * Delays between attempts: for a restart of the backend, a bad deploy, a bad night; 27 hours in all. Then a person
 * must look at it.
 */
const WAITS_MS = [
  5 * SECOND_MS,
  30 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  8 * HOUR_MS,
  16 * HOUR_MS,
];
/** Of delays, so that events that failed together are not retried together. */
const JITTER = 0.2;
/** The longest delay that a 429 may request. */
const LONGEST_DELAY_MS = HOUR_MS;
/** On top of the request: after that, the process that claimed an event counts as dead. */
const CLAIM_SLACK_MS = 5_000;

/**
 * One attempt to deliver one event to a backend. The row is deleted only once the backend has it, so if the process
 * dies in between the event is sent again: at-least-once delivery, with the same id each time.
 */
export function createTell(parts: {
  pool: Pool;
  post: Post;
  timeoutMs: number;
  now: () => number;
  metrics: PushMetrics;
  logger: Logger;
}) {
  const { pool, post, timeoutMs, now, metrics, logger } = parts;

  return async (id: string): Promise<'over'> => {
    const event = await claimEvent(pool, id, timeoutMs + CLAIM_SLACK_MS);
    if (event === undefined) return 'over';
    const body = Buffer.from(
      JSON.stringify({ type: event.type, timestamp: event.at.toISOString(), data: event.data }),
    );
    const secrets = event.previous === null ? [event.secret] : [event.secret, event.previous];
    const outcome = await post(event.url, signedHeaders({ id: event.id, body, nowMs: now() }, secrets), body);
    if (outcome.kind === 'taken') {
      await removeEvent(pool, id);
      metrics.told.inc();
      return 'over';
    }
    metrics.tellFailed(outcome.kind);
    const againAfterMs = waitAfter(event, outcome);
    await noteEventFailure(pool, id, outcome.kind, againAfterMs);
    if (againAfterMs === undefined)
      logger.warn({ webhookEvent: id, outcome: outcome.kind }, 'a webhook event was given up');
    return 'over';
  };
}

function waitAfter({ attempts }: ClaimedEvent, outcome: Outcome): number | undefined {
  const usual = WAITS_MS[attempts - 1];
  if (usual === undefined) return undefined;
  const asked = outcome.kind === 'later' ? Math.min(outcome.afterMs ?? 0, LONGEST_DELAY_MS) : 0;
  return Math.max(asked, Math.round(usual * (1 + JITTER * Math.random())));
}
