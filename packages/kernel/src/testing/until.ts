import { sleep } from '../clock.ts';

const POLL_MS = 15;

/** Waits until `condition` returns neither false nor undefined, and resolves with it; a throw counts as not met yet. */
export async function until<T>(
  what: string,
  condition: () => T | Promise<T>,
  withinMs = 10_000,
): Promise<Exclude<T, false | undefined>> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const found = await Promise.resolve()
      .then(condition)
      .catch(() => undefined);
    if (found !== false && found !== undefined) return found as Exclude<T, false | undefined>;
    if (performance.now() > deadlineMs) throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
