/** Time, so that tests can bring their own. */
export type Clock = {
  /** Milliseconds since 1970, as the device believes; may jump. For times that leave it. */
  now(): number;
  /** Milliseconds since some moment; never jumps. For durations. */
  monotonicMs(): number;
  /** Runs `work` once, `ms` from now. Returns what takes it back. */
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
 * Settles like `work`, or fails with `late()` when the deadline passes, or with the signal's reason when that aborts;
 * `work` is given a signal that says so.
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

/** Settles like `work`, or fails with the signal's reason; the work itself goes on, and nobody minds how it ends. */
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

/** Resolves after a while, or when the signal aborts. */
export async function rest(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  await sleep(clock, ms, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

/** Fails with the signal's reason when that aborts. */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<void> {
  const slept = Promise.withResolvers<void>();
  const cancel = clock.after(ms, slept.resolve);
  try {
    await abortable(slept.promise, signal);
  } finally {
    cancel();
  }
}
