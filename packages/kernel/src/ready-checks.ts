export type ReadyChecks = {
  /** Adds or changes a readiness condition. All must be true. */
  set(name: string, isTrue: boolean): void;
  /** Every condition by name. */
  all(): Record<string, boolean>;
  areTrue(): boolean;
};

/**
 * Readiness means that this process can take traffic. A dependency shared by all instances does not belong here,
 * since its outage would take every instance out of the load balancer at once.
 */
export function createReadyChecks(): ReadyChecks {
  const checks = new Map<string, boolean>();
  return {
    set: (name, isTrue) => checks.set(name, isTrue),
    all: () => Object.fromEntries(checks),
    areTrue: () => [...checks.values()].every(Boolean),
  };
}
