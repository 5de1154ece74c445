export type ReadyChecks = {
  /** Names a condition of readiness, or changes it. All must be true. */
  set(name: string, isTrue: boolean): void;
  /** Every condition by name. */
  all(): Record<string, boolean>;
  areTrue(): boolean;
};

/**
 * Readiness means: this process can take traffic. A dependency that all instances share does not belong here, since
 * its outage would take every instance out of the load balancer at once.
 */
export function createReadyChecks(): ReadyChecks {
  const checks = new Map<string, boolean>();
  return {
    set: (name, isTrue) => checks.set(name, isTrue),
    all: () => Object.fromEntries(checks),
    areTrue: () => [...checks.values()].every(Boolean),
  };
}
