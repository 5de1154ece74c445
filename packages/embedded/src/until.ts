import { setTimeout as wait } from 'node:timers/promises';

const POLL_MS = 50;

/** A server that does not answer yet is asked again. */
export async function until(
  what: string,
  condition: () => Promise<boolean>,
  deadlineMs: number,
): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > endMs) throw new Error(`Waited ${deadlineMs / 1000} s in vain until ${what}`);
    await wait(POLL_MS);
  }
}
