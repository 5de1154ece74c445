import { performance } from 'node:perf_hooks';

export type Clock = {
  /** Wall clock, milliseconds since 1970; may jump. For times that leave the process. */
  now(): number;
  /** Milliseconds since an arbitrary moment; never jumps. For durations. */
  monotonicMs(): number;
};

/**
 * Milliseconds added to this process's wall clock: fault tests run one service with a wrong clock. Durations are not
 * affected, as a wrong clock does not make a second longer.
 */
const OFFSET_MS = readOffset(process.env.SECURECHAT_CLOCK_OFFSET_MS);

export const systemClock: Clock = {
  now: () => Date.now() + OFFSET_MS,
  monotonicMs: () => performance.now(),
};

/** Resolves after `ms`, or at once when `signal` aborts: the caller checks the signal, nothing is thrown. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener('abort', finish);
  });
}

function readOffset(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const offset = Number(text);
  if (!Number.isSafeInteger(offset))
    throw new TypeError(`SECURECHAT_CLOCK_OFFSET_MS must be an integer, not ${text}`);
  return offset;
}
