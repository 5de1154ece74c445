/** The answer of a limit counted across all gateways. undefined: allowed. */
export type Verdict = { retryAfterMs: number; limit: number } | 'unavailable' | undefined;
