/** What a limit that is counted over all gateways says. undefined: allowed. */
export type Verdict = { retryAfterMs: number; limit: number } | 'unavailable' | undefined;
