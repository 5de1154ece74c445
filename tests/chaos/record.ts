import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '@securechat/testkit';
import type { ChaosPlan } from './arguments.ts';
import type { Step } from './schedule.ts';
import type { World } from './world.ts';

/** The settings of one run. Its folder is named after its seed, whichever run of a series it is. */
export type RunPlan = Pick<ChaosPlan, 'mode' | 'only' | 'sendsPerSecond'> & {
  readonly seed: number;
  readonly steps: readonly Step[];
};

export function planOfRun(
  { mode, only, sendsPerSecond }: Omit<RunPlan, 'seed' | 'steps'>,
  seed: number,
  steps: readonly Step[],
): RunPlan {
  return { mode, only, sendsPerSecond, seed, steps };
}

export const folderOf = (seed: number): string => join(ROOT, '.data', 'chaos', String(seed));
export const historyOf = (seed: number): string => join(folderOf(seed), 'history.jsonl');

/** Stores the history and the result of the run; after a violation also the services' logs. */
export function keepRun(
  plan: RunPlan,
  { history, services }: Pick<World, 'history' | 'services'>,
  outcome: Record<string, unknown> & { failed: number },
): void {
  const folder = folderOf(plan.seed);
  mkdirSync(folder, { recursive: true });
  history.writeTo(historyOf(plan.seed));
  writeFileSync(join(folder, 'run.json'), `${JSON.stringify({ ...plan, ...outcome }, undefined, 2)}\n`);
  if (outcome.failed === 0) return;
  const lines = services.flatMap(({ name, log }) => log.map((line) => `${name} ${line}\n`));
  writeFileSync(join(folder, 'services.log'), lines.join(''));
}
