import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Seconds, 1 ms to 10 s. */
export const latencyBuckets: readonly number[] = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10,
];

/** All values that a label may have, by label name. Never an id of a person, message, group or file. */
export type ClosedLabels = Record<string, readonly string[]>;

/** The labels of one observation; the parameter disappears when a metric has none. */
type LabelArgs<L extends ClosedLabels> = keyof L extends never ? [] : [labels: { [K in keyof L]: string }];

export type CounterMetric<L extends ClosedLabels> = {
  inc(by?: number, ...labels: LabelArgs<L>): void;
};
export type GaugeMetric<L extends ClosedLabels> = {
  set(value: number, ...labels: LabelArgs<L>): void;
  inc(by?: number, ...labels: LabelArgs<L>): void;
  dec(by?: number, ...labels: LabelArgs<L>): void;
};
export type HistogramMetric<L extends ClosedLabels> = {
  observe(value: number, ...labels: LabelArgs<L>): void;
};

export type Metrics = {
  readonly registry: Registry;
  /** `name` without the prefix, ends in `_total`: `frames_received_total`. */
  counter<const L extends ClosedLabels = Record<never, never>>(
    name: string,
    help: string,
    labels?: L,
  ): CounterMetric<L>;
  /** `name` ends in a unit: `_seconds`, `_bytes`, `_ratio`, `_count`, `_entries`. `collect` runs at each scrape. */
  gauge<const L extends ClosedLabels = Record<never, never>>(
    name: string,
    help: string,
    labels?: L,
    collect?: (gauge: GaugeMetric<L>) => void,
  ): GaugeMetric<L>;
  /** `name` ends in a unit, as for a gauge; `buckets` are in that unit. */
  histogram<const L extends ClosedLabels = Record<never, never>>(
    name: string,
    help: string,
    labels?: L,
    buckets?: readonly number[],
  ): HistogramMetric<L>;
};

/** Sampling interval of event-loop lag: the default of 10 ms made up half of an idle process's cost. */
const LAG_LOOK_MS = 50;

const UNITS = 'seconds|bytes|ratio|count|entries';

/**
 * The metrics of one process, all named `securechat_<service>_<noun>_<unit|total>`. Asking twice for the same name
 * gives the same metric. Node's own metrics keep their usual names. Throws a TypeError for a name that breaks the
 * rule.
 */
export function createMetrics(service: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_LOOK_MS });

  function find<M>(kind: new (configuration: never) => M, fullName: string): M | undefined {
    const known = registry.getSingleMetric(fullName);
    if (known === undefined) return undefined;
    if (known instanceof kind) return known;
    throw new TypeError(`${fullName} exists as another kind of metric`);
  }

  function describe(name: string, endings: string, help: string, labels: ClosedLabels) {
    const fullName = `securechat_${service.replaceAll('-', '_')}_${name}`;
    if (!new RegExp(`^[a-z0-9_]+_(${endings})$`).test(name)) {
      throw new TypeError(`The metric name ${name} must be snake_case and end in one of: ${endings}`);
    }
    return { name: fullName, help, labelNames: Object.keys(labels), registers: [registry] };
  }

  return {
    registry,

    counter: (name, help, labels) => {
      const closed = close(labels);
      const configuration = describe(name, 'total', help, closed.labels);
      const metric = find(Counter, configuration.name) ?? new Counter(configuration);
      // from 0 on: alerts see the first event, and a sum of what has never happened is 0 and not nothing
      for (const each of closed.all()) metric.inc(each, 0);
      return { inc: (by = 1, ...given) => metric.inc(closed.values(given[0]), by) };
    },

    gauge: (name, help, labels, collect) => {
      const closed = close(labels);
      const configuration = describe(name, UNITS, help, closed.labels);
      const metric =
        find(Gauge, configuration.name) ?? new Gauge({ ...configuration, collect: () => collect?.(wrapped) });
      const wrapped: ReturnType<Metrics['gauge']> = {
        set: (value, ...given: unknown[]) => metric.set(closed.values(given[0]), value),
        inc: (by = 1, ...given: unknown[]) => metric.inc(closed.values(given[0]), by),
        dec: (by = 1, ...given: unknown[]) => metric.dec(closed.values(given[0]), by),
      };
      return wrapped;
    },

    histogram: (name, help, labels, buckets = latencyBuckets) => {
      const closed = close(labels);
      const configuration = describe(name, UNITS, help, closed.labels);
      const metric =
        find(Histogram, configuration.name) ?? new Histogram({ ...configuration, buckets: [...buckets] });
      return { observe: (value, ...given) => metric.observe(closed.values(given[0]), value) };
    },
  };
}

/** Replaces a label value outside the closed set by "other", so that no input can create series without bound. */
function close(labels: ClosedLabels = {}) {
  const allowed = Object.entries(labels).map(([name, values]) => [name, new Set(values)] as const);
  return {
    labels,
    /** Every combination of values. */
    all: (): Record<string, string>[] =>
      Object.entries(labels).reduce<Record<string, string>[]>(
        (some, [name, values]) => values.flatMap((value) => some.map((each) => ({ ...each, [name]: value }))),
        [{}],
      ),
    values(given: unknown): Record<string, string> {
      const result: Record<string, string> = {};
      for (const [name, values] of allowed) {
        const value: unknown = (given as Record<string, unknown> | undefined)?.[name];
        result[name] = typeof value === 'string' && values.has(value) ? value : 'other';
      }
      return result;
    },
  };
}
