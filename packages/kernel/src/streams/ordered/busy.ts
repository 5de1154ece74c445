import type { EventLoopUtilization } from 'node:perf_hooks';

/** Weight of the previous value: a load that ends is forgotten within about ten samples. */
const KEPT = 0.8;

/**
 * Event-loop utilization since the last call, 0 to 1: rises at once, decays gradually. Unlike CPU usage it also rises
 * when the process gets too little CPU. 0 at the first call, while the process is starting.
 */
export function createBusy(): () => number {
  let last: EventLoopUtilization | undefined;
  let busy = 0;
  return () => {
    const now = performance.eventLoopUtilization();
    if (!last) {
      last = now;
      return 0;
    }
    const { utilization } = performance.eventLoopUtilization(now, last);
    last = now;
    busy = Math.max(utilization, KEPT * busy + (1 - KEPT) * utilization);
    return busy;
  };
}
