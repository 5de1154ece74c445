import type { Thresholds } from './plan.ts';

/** What was measured: times by name, and counts by name. */
export type Measured = { times: Record<string, number[]>; counts: Record<string, number> };

const TIME = /^p\((\d+(?:\.\d+)?)\)\s*(<=?)\s*(\d+(?:\.\d+)?)$/;
const COUNT = /^count\s*(==|<=?|>=?)\s*(\d+)$/;

export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

const compare: Record<string, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

/** The thresholds of k6 that the scenarios use, for runs without it. A time that was never measured crosses its threshold. */
export function judge(
  thresholds: Thresholds,
  { times, counts }: Measured,
): { text: string; isKept: boolean }[] {
  return Object.entries(thresholds).flatMap(([metric, rules]) =>
    rules.map((rule) => {
      const [, percent, sign = '', limit] = TIME.exec(rule) ?? [];
      const [, countSign = '', count] = COUNT.exec(rule) ?? [];
      if (percent === undefined && count === undefined)
        throw new SyntaxError(`no threshold: ${metric} ${rule}`);
      const value =
        percent === undefined ? (counts[metric] ?? 0) : percentile(times[metric] ?? [], Number(percent));
      const isKept =
        compare[percent === undefined ? countSign : sign]?.(value, Number(limit ?? count)) === true;
      return { text: `${metric} ${rule}: ${Math.round(value * 100) / 100}`, isKept };
    }),
  );
}
