import { setTimeout as wait } from 'node:timers/promises';

/** Long enough for a busy machine with two cores; a test that needs longer says so. */
export const DEADLINE_MS = 10_000;
const POLL_MS = 15;

type Found<T> = Exclude<T, false | null | undefined>;

/**
 * Waits until `condition` returns something other than false, null and undefined, and returns that. A condition that throws counts as not
 * met yet; the last error becomes the cause of the failure.
 */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  deadlineMs = DEADLINE_MS,
): Promise<Found<T>> {
  const startedAtMs = performance.now();
  let lastError: unknown;
  for (;;) {
    try {
      const found = await condition();
      if (found !== false && found !== null && found !== undefined) return found as Found<T>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() - startedAtMs > deadlineMs) {
      const last = lastError instanceof Error ? `; last error: ${lastError.message}` : '';
      throw new Error(`Waited ${deadlineMs} ms in vain until ${what}${last}`, { cause: lastError });
    }
    await wait(POLL_MS);
  }
}

/** Settles like `promise`, or rejects at the deadline with the text that `describe()` then returns. */
export async function within<T>(promise: Promise<T>, deadlineMs: number, describe: () => string): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Waited ${deadlineMs} ms in vain for ${describe()}`)),
    deadlineMs,
  );
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/** Settles like `promise`, or rejects with the signal's reason on abort. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    // always awaited: a promise that rejects later without a handler would end the process
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
