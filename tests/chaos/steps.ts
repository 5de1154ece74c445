import type { ChaosPlan } from './arguments.ts';
import { impossibleHere, type NemesisId, notRun } from './nemeses/index.ts';
import type { Random } from './random.ts';
import { gateSchedule, type Step, smokeSchedule } from './schedule.ts';

export type RunSteps = {
  readonly steps: readonly Step[];
  /** Rows of the matrix that this run should have included but has not, and why: part of its verdict. */
  readonly leftOut: readonly (readonly [row: string, why: string])[];
};

/** What this machine does not support is removed last, so that a seed gives the same order on every machine. */
export function stepsOf(
  { mode, only }: Pick<ChaosPlan, 'mode' | 'only'>,
  random: Random,
  impossible: ReadonlyMap<NemesisId, string> = impossibleHere(),
): RunSteps {
  const wanted = only ?? (mode === 'smoke' ? smokeSchedule(random) : gateSchedule(random));
  const steps = wanted
    .map((step) => step.filter((id) => !impossible.has(id)))
    .filter((step) => step.length > 0);
  const missing = [...impossible].filter(([id]) => wanted.flat().includes(id));
  if (steps.length === 0)
    throw new Error(missing.map(([id, why]) => `${id} cannot be run: ${why}`).join('; '));
  return { steps, leftOut: only || mode === 'smoke' ? missing : [...Object.entries(notRun), ...missing] };
}
