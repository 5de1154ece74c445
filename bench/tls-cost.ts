import { median } from './measure/statistics.ts';
import { formatNumber, formatTable } from './measure/table.ts';
import type { Report } from './scenarios.ts';

/** The effect of gateways speaking TLS themselves: medians of alternating runs. */
export function formatTlsCost(plain: readonly Report[], tls: readonly Report[]): string {
  const tables = Object.entries(plain[0]?.figures ?? {}).map(([heading, first]) => {
    const rows = Object.keys(first).map((figure) => {
      const of = (runs: readonly Report[]): number =>
        median(runs.map((run) => run.figures[heading]?.[figure] ?? Number.NaN));
      const [without, withTls] = [of(plain), of(tls)];
      return [figure, formatNumber(without), formatNumber(withTls), formatNumber(withTls - without)];
    });
    return formatTable([[heading, 'plain', 'TLS', 'difference'], ...rows]);
  });
  return tables.join('\n\n');
}
