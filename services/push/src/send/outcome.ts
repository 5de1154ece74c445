/**
 * The outcome of one request.
 *
 * taken    2xx: the push service has accepted it.
 * gone     404 or 410: the subscription is dead.
 * later    429: not before `afterMs`, if given.
 * refused  any other answer below 500, or a forbidden address: the same request would fail again.
 * failed   5xx, no answer in time, no connection: worth a retry.
 */
export type Outcome =
  | { kind: 'taken' }
  | { kind: 'gone' }
  | { kind: 'later'; afterMs: number | undefined }
  | { kind: 'refused' }
  | { kind: 'failed' };

export const failures = ['gone', 'later', 'refused', 'failed'] as const;

export function outcomeOf(status: number, retryAfter: string | undefined, nowMs: number): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken' };
  if (status === 404 || status === 410) return { kind: 'gone' };
  if (status === 429) return { kind: 'later', afterMs: delayOf(retryAfter, nowMs) };
  return status >= 500 ? { kind: 'failed' } : { kind: 'refused' };
}

/** `Retry-After` is a number of seconds or a date (RFC 9110, 10.2.3). */
function delayOf(retryAfter: string | undefined, nowMs: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs;
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}
