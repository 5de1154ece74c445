import { sleep } from './clock.ts';

export type BackoffOptions = {
  /** Delay before the first retry, milliseconds. */
  baseMs: number;
  /** Upper bound of a delay, before jitter. */
  capMs: number;
  factor?: number;
  /** 0.25 means ±25 %: keeps many clients from retrying at the same moment. */
  jitter?: number;
  /** In [0, 1); for tests. */
  random?: () => number;
};

/** The delay before try number `attempt` (0 is the first), milliseconds. */
export function backoffDelayMs(attempt: number, options: BackoffOptions): number {
  const { baseMs, capMs, factor = 2, jitter = 0.25, random = Math.random } = options;
  const delayMs = Math.min(baseMs * factor ** attempt, capMs);
  return Math.round(delayMs * (1 - jitter + 2 * jitter * random()));
}

export type Backoff = {
  /** Waits for the next delay; returns early when `signal` aborts. */
  wait(signal?: AbortSignal): Promise<void>;
  /** The delay that `wait` would use next; counts as used. */
  nextMs(): number;
  /** It worked: start again from the first delay. */
  reset(): void;
};

export function createBackoff(options: BackoffOptions): Backoff {
  let attempt = 0;
  const nextMs = () => backoffDelayMs(attempt++, options);
  return {
    nextMs,
    wait: (signal) => sleep(nextMs(), signal),
    reset: () => {
      attempt = 0;
    },
  };
}
