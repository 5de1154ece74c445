import {
  type BreakerState,
  breakerAfterFailure,
  breakerAllows,
  closedBreaker,
  DEFAULT_RETRY_POLICY,
  RECONNECT_JITTER,
  RECONNECT_LADDER_MS,
  reconnectDelayMs,
  retryDelayMs,
} from './protocol.ts';

const RANDOMS = [0, 0.25, 0.5, 0.75, 0.875];

/** Delays are exact here: the randoms are sums of powers of two. Others may show rounding errors. */
export function retryVectors(): unknown {
  const reconnect = [1, 2, 3, 4, 5, 6, 7, 50].flatMap((failures) =>
    RANDOMS.map((random) => ({ failures, random, delay_ms: reconnectDelayMs(failures, random) })),
  );
  const hinted = [0, 700, 90_000].map((server_hint_ms) => ({
    failures: 3,
    random: 0.75,
    server_hint_ms,
    delay_ms: reconnectDelayMs(3, 0.75, server_hint_ms),
  }));
  const steep = { ...DEFAULT_RETRY_POLICY, max_retries: 6, backoff_multiplier: 3, jitter_factor: 0.5 };
  const never = { ...DEFAULT_RETRY_POLICY, max_retries: 0 };
  const requests = [DEFAULT_RETRY_POLICY, steep, never].map((policy) => ({
    policy,
    cases: Array.from({ length: policy.max_retries + 1 }, (_, index) => index + 1).flatMap((attempt) =>
      RANDOMS.map((random) => ({ attempt, random, delay_ms: retryDelayMs(policy, attempt, random) ?? null })),
    ),
  }));
  return {
    reconnect: { ladder_ms: RECONNECT_LADDER_MS, jitter: RECONNECT_JITTER, cases: [...reconnect, ...hinted] },
    requests,
    breaker: breakerCases(),
  };
}

/** Failures one second apart, then the question whether a connection may be tried. */
function breakerCases(): unknown[] {
  const questions = [
    { failures: 0, after_ms: 0, nudged: false },
    { failures: 9, after_ms: 0, nudged: false },
    { failures: 10, after_ms: 0, nudged: false },
    { failures: 10, after_ms: 0, nudged: true },
    { failures: 10, after_ms: 299_999, nudged: false },
    { failures: 10, after_ms: 300_000, nudged: false },
    { failures: 11, after_ms: 299_999, nudged: false },
    { failures: 11, after_ms: 300_000, nudged: false },
  ];
  return questions.map((question) => {
    let state: BreakerState = closedBreaker;
    let nowMs = 0;
    for (let failed = 0; failed < question.failures; failed++) {
      nowMs += 1000;
      state = breakerAfterFailure(state, nowMs);
    }
    return { ...question, allows: breakerAllows(state, nowMs + question.after_ms, question.nudged) };
  });
}
