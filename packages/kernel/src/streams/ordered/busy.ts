import type { EventLoopUtilization } from 'node:perf_hooks';

/** Of one look, what is kept for the next: a load that ends is forgotten within ten looks or so. */
const KEPT = 0.8;

/**
 * Part of the time since the last call for which the event loop worked, 0 to 1: at once when it grows, little by little when it falls. Unlike
 * the use of a processor it also grows when the process gets too little of one. 0 at the first call: until then it starts.
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
