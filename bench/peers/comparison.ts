// What is shown for each system, and the tables.

import type { WorkloadName } from '../generator/job.ts';
import { median } from '../measure/statistics.ts';
import { formatNumber, formatTable } from '../measure/table.ts';
import type { Figures } from '../scenarios.ts';
import { type SystemName, systems } from './systems.ts';

export type Row = {
  round: number;
  system: SystemName;
  workload: WorkloadName;
  figures: Figures;
  faults: Record<string, number>;
  foreignCores: number;
};

/** A column, and the position of its figure in a report. */
type Columns = Record<string, [heading: string, figure: string]>;

const chat: Columns = {
  'messages/s': ['figure', 'messages/s'],
  'CPU µs': ['CPU-ms per 1,000 messages', 'all of these'],
  'deliver p50 ms': ['figure', 'send to deliver, p50 ms'],
  'deliver p99 ms': ['figure', 'send to deliver, p99 ms'],
  'ack p50 ms': ['figure', 'send to ack, p50 ms'],
  'generator µs': ['CPU-ms per 1,000 messages', '(generator, apart)'],
};

export const columns: Record<WorkloadName, Columns> = {
  full: chat,
  rate: chat,
  idle: {
    'logins/s': ['figure', 'connections with login/s'],
    'CPU µs per login': ['CPU-ms per 1,000 logins', 'all of these'],
    'KiB per connection': ['figure', 'KiB per connection'],
    'idle CPU %': ['figure', 'idle CPU, % of a core'],
  },
  offline: {
    'stored/s': ['figure', 'stored messages/s'],
    'store CPU µs': ['store: CPU-ms per 1,000 messages', 'all of these'],
    'drained/s': ['figure', 'drained messages/s, logins included'],
    'drain CPU µs': ['drain: CPU-ms per 1,000 messages', 'all of these'],
  },
  group: {
    'deliveries/s': ['figure', 'deliveries/s'],
    'CPU µs per delivery': ['CPU-ms per 1,000 deliveries', 'all of these'],
    'deliver p50 ms': ['figure', 'send to deliver, p50 ms'],
    'deliver p99 ms': ['figure', 'send to deliver, p99 ms'],
    'generator µs': ['CPU-ms per 1,000 deliveries', '(generator, apart)'],
  },
};

export function figureOf(row: Row, column: string): number {
  const [heading = '', figure = ''] = columns[row.workload][column] ?? [];
  return row.figures[heading]?.[figure] ?? Number.NaN;
}

/** A line per system: medians, and their ranges. */
export function formatComparison(rows: readonly Row[], workload: WorkloadName): string {
  const titles = Object.keys(columns[workload]);
  const bySystem = Map.groupBy(
    rows.filter((row) => row.workload === workload),
    (row) => row.system,
  );
  const lines = [...bySystem].map(([system, runs]) => [
    system,
    ...titles.map((title) => spread(runs.map((run) => figureOf(run, title)))),
    runs.map(({ faults }) => formatNumber(faults.lost ?? 0)).join('/'),
    spread(runs.map((run) => run.foreignCores)),
  ]);
  return formatTable([[workload, ...titles, 'lost', 'foreign cores'], ...lines]);
}

export function formatSystems(names: readonly SystemName[]): string {
  return formatTable([['system', 'an ack means'], ...names.map((name) => [name, systems[name].acked])]);
}

export function spread(values: readonly number[]): string {
  if (values.length < 2) return formatNumber(values[0] ?? Number.NaN);
  return `${formatNumber(median(values))} (${formatNumber(Math.min(...values))}–${formatNumber(Math.max(...values))})`;
}
