/**
 * When to try again, as pure functions: the caller supplies the randomness, so tests can supply theirs.
 *
 * Two different things (the seed lists both): the reconnect ladder is for connections, the retry policy for single
 * requests on a healthy connection.
 */

/** Seed, Reconnection Logic: 1, 2, 4, 8, 16, 30 s. The last step repeats. */
export const RECONNECT_LADDER_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
/** Seed: ±25 %, applied after the cap, so the top step lies between 22.5 and 37.5 s. */
export const RECONNECT_JITTER = 0.25;
/** Seed, Circuit Breaker: stop after this many failures in a row. */
export const BREAKER_OPENS_AFTER = 10;
/** A breaker that never half-opened would silence every client after a four-minute outage. */
export const BREAKER_HALF_OPENS_AFTER_MS = 5 * 60_000;

/**
 * Delay before reconnect number `failures` (1 = after the first failure), in ms. `serverHintMs` (from `goaway` or
 * `retry_after_ms`) takes precedence and is used unchanged: the server has already given each client its own delay.
 */
export function reconnectDelayMs(failures: number, random: number, serverHintMs?: number): number {
  if (serverHintMs !== undefined) return serverHintMs;
  const step = Math.min(Math.max(failures, 1), RECONNECT_LADDER_MS.length) - 1;
  return jittered(RECONNECT_LADDER_MS[step] ?? 0, RECONNECT_JITTER, random);
}

export type BreakerState = { failures: number; openedAtMs: number | undefined };

export const closedBreaker: BreakerState = { failures: 0, openedAtMs: undefined };

/** Failures count towards the breaker until a healthy connection (ping answered) resets it. */
export function breakerAfterFailure(state: BreakerState, nowMs: number): BreakerState {
  const failures = state.failures + 1;
  return { failures, openedAtMs: failures >= BREAKER_OPENS_AFTER ? nowMs : undefined };
}

/** `nudged`: the network changed, the app came to the foreground, or the user asked. */
export function breakerAllows(state: BreakerState, nowMs: number, nudged: boolean): boolean {
  return state.openedAtMs === undefined || nudged || nowMs - state.openedAtMs >= BREAKER_HALF_OPENS_AFTER_MS;
}

/** The seed's `retry_policy`, sent by the server in `session_ready`. */
export type RetryPolicy = {
  type: 'retry_policy';
  max_retries: number;
  backoff_multiplier: number;
  initial_delay_ms: number;
  max_delay_ms: number;
  jitter_factor: number;
};

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  type: 'retry_policy',
  max_retries: 3,
  backoff_multiplier: 2,
  initial_delay_ms: 1_000,
  max_delay_ms: 30_000,
  jitter_factor: 0.1,
};

/** Delay before retry number `attempt` (1 = first retry), or undefined when the policy gives up. */
export function retryDelayMs(policy: RetryPolicy, attempt: number, random: number): number | undefined {
  if (attempt > policy.max_retries) return undefined;
  const exact = policy.initial_delay_ms * policy.backoff_multiplier ** (attempt - 1);
  return jittered(Math.min(exact, policy.max_delay_ms), policy.jitter_factor, random);
}

/** Maps `random` in [0, 1) to [-share, +share). */
function jittered(ms: number, share: number, random: number): number {
  return ms * (1 + share * (2 * random - 1));
}
