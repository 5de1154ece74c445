import type { Clock } from '../clock.ts';

/** Time controlled by the test. */
export class FakeClock implements Clock {
  #ms = 0;
  readonly #timers = new Set<{ atMs: number; work: () => void }>();

  /** Number of pending timers. */
  get planned(): number {
    return this.#timers.size;
  }

  /** 2026-11-26. */
  now(): number {
    return 1_795_651_200_000 + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  after(ms: number, work: () => void): () => void {
    const timer = { atMs: this.#ms + ms, work };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Runs everything due within `ms`, in order, and what follows from it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#ms + ms;
    await settled();
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs);
      const [next] = due;
      if (!next) break;
      this.#timers.delete(next);
      this.#ms = Math.max(this.#ms, next.atMs);
      next.work();
      await settled();
    }
    this.#ms = endMs;
  }
}

/** Resolves when everything that waits only for promises has run: a message to oneself arrives a turn later, in Node and in a page. */
export function settled(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}
