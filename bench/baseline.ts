// npm run bench compares with the figures in baseline.json. They are relative to the reference loop of their own run, so that a slow
// machine, or a slow hour of a shared one, does not look like a regression.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatNumber } from './measure/table.ts';
import type { Figures } from './scenarios.ts';

const FILE = join(import.meta.dirname, 'baseline.json');

export type Measured = {
  /** Figures are compared only if these are equal. */
  settings: Record<string, number>;
  referenceMs: number;
  figures: Figures;
};
export type Baseline = { at: string; machine: string; scenarios: Record<string, Measured> };

const read = (): Baseline => JSON.parse(readFileSync(FILE, 'utf8')) as Baseline;

/** Replaces the figures of one scenario. */
export function saveBaseline(
  name: string,
  machine: string,
  { settings, referenceMs, figures }: Measured,
): void {
  const { scenarios } = read();
  const rounded = Object.fromEntries(
    Object.entries(figures).map(([heading, group]) => [
      heading,
      Object.fromEntries(
        Object.entries(group).map(([figure, value]) => [figure, Number(value.toPrecision(4))]),
      ),
    ]),
  );
  scenarios[name] = { settings, referenceMs: Number(referenceMs.toPrecision(4)), figures: rounded };
  const baseline: Baseline = { at: new Date().toISOString().slice(0, 10), machine, scenarios };
  writeFileSync(FILE, `${JSON.stringify(baseline, undefined, 2)}\n`);
}

/** This figure as a multiple of the baseline's, or why that cannot be said. */
export type Comparison = { ratioOf(heading: string, figure: string, value: number): string; says: string };

export function compareWithBaseline(
  name: string,
  { settings, referenceMs }: Omit<Measured, 'figures'>,
  { at, machine, scenarios }: Baseline = read(),
): Comparison {
  const before = scenarios[name];
  const nothing = { ratioOf: () => '' };
  if (!before) return { ...nothing, says: 'the baseline does not have it' };
  if (!isSame(before.settings, settings)) {
    return { ...nothing, says: `not compared: the baseline has ${JSON.stringify(before.settings)}` };
  }
  const slower = referenceMs / before.referenceMs;
  return {
    says: `baseline of ${at} on ${machine}; this machine takes ${formatNumber(slower)} × its reference loop, which is taken into account`,
    ratioOf(heading, figure, value) {
      const was = before.figures[heading]?.[figure];
      const effect = effectOf(heading, figure, slower);
      // values below one unit of the clock cannot be compared
      return was === undefined || was === 0 || effect === undefined
        ? ''
        : `${(value / (was * effect)).toFixed(2)} ×`;
    },
  };
}

/** How a machine that is this much slower affects a figure; undefined for what is not measured. */
function effectOf(heading: string, figure: string, slower: number): number | undefined {
  if (heading.startsWith('count')) return undefined;
  if (heading.startsWith('KiB') || figure.startsWith('KiB')) return 1;
  return figure.endsWith('/s') || figure.includes('/s,') ? 1 / slower : slower;
}

function isSame(one: Measured['settings'], other: Measured['settings']): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}
