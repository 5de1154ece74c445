import { afterEach } from '@jest/globals';

/** Timers that were set through the global function and have neither run nor been taken back, by where they were set. */
export function usePlannedWork(): { begin(): void; left(): string[] } {
  const { setTimeout: set, clearTimeout: clear } = globalThis;
  const planned = new Map<unknown, string>();
  const restore = (): void => void Object.assign(globalThis, { setTimeout: set, clearTimeout: clear });
  afterEach(restore);
  return {
    begin() {
      planned.clear();
      globalThis.setTimeout = ((work: () => void, ms?: number) => {
        const timer = set(() => {
          planned.delete(timer);
          work();
        }, ms);
        planned.set(timer, new Error(`${ms} ms`).stack ?? '');
        return timer;
      }) as typeof set;
      globalThis.clearTimeout = (timer) => {
        planned.delete(timer);
        clear(timer);
      };
    },
    left() {
      restore();
      return [...planned.values()];
    },
  };
}
