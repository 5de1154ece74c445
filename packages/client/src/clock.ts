/** Time, injectable for tests. */
export type Clock = {
  /** Unix time in ms by the device's clock, which may jump. For times that are sent elsewhere. */
  now(): number;
  /** Ms since an arbitrary moment; never jumps. For durations. */
  monotonicMs(): number;
  /** Runs `work` once, in `ms`. Returns a function that cancels it. */
  after(ms: number, work: () => void): () => void;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Settles like `work`; rejects with `late()` at the deadline, or with the signal's reason on abort. Either aborts the signal that `work`
 * is given.
 */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  signal: AbortSignal | undefined,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const giveUp = new AbortController();
  const given = Promise.withResolvers<never>();
  const stop = (reason: unknown): void => {
    given.reject(reason);
    giveUp.abort(reason);
  };
  const onAbort = (): void => stop(signal?.reason);
  const cancel = clock.after(ms, () => stop(late()));
  signal?.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work(giveUp.signal), given.promise]);
  } finally {
    cancel();
    signal?.removeEventListener('abort', onAbort);
  }
}

/** Settles like `work`, or rejects with the signal's reason. The work itself continues, and its outcome is then ignored. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort);
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Resolves after `ms`, or when the signal aborts. */
export async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await sleep(clock, ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Rejects with the signal's reason when that aborts. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const slept = Promise.withResolvers<void>();
  const cancel = clock.after(ms, slept.resolve);
  try {
    await abortable(slept.promise, signal);
  } finally {
    cancel();
  }
}
