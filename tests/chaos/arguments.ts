import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type NemesisId, nemesisIds, stackOf } from './nemeses/index.ts';
import type { Step } from './schedule.ts';

export type ChaosPlan = {
  mode: 'smoke' | 'gate';
  /** Of the first run; further runs increment it. */
  seed: number;
  runs: number;
  /** Run until this time is over; then `runs` is ignored. */
  hours: number | undefined;
  /** Only these, in this order. */
  only: readonly Step[] | undefined;
  sendsPerSecond: number;
};

const DEFAULT_RATE = '200';

export const USAGE = `npm run chaos [-- options]   breaks a running system on purpose and checks what it promises

  (nothing)          the gate: every nemesis but F16 twice, some of them at the same time; about 8 minutes
  --smoke            F1, F2, F5, F9, F10 once; about half a minute
  --hours N          gates with one seed after the other for N hours
  --seed S           the choices of an earlier run; otherwise a fresh one is drawn and printed
  --seeds N          N runs with seeds S, S+1, ...
  --only F5,F4+F9    only these, in this order; with + at the same time
  --rate N           messages per second (default ${DEFAULT_RATE})`;

const HIGHEST_SEED = 2 ** 31;

/** Throws an Error with a message for the user when the arguments are invalid. */
export function readArguments(args: readonly string[]): ChaosPlan | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      smoke: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      hours: { type: 'string' },
      seed: { type: 'string' },
      seeds: { type: 'string', default: '1' },
      only: { type: 'string' },
      rate: { type: 'string', default: DEFAULT_RATE },
    },
  });
  if (values.help) return 'help';
  const only = values.only?.split(',').map(readStep);
  if (only) stackOf(only.flat());
  return {
    mode: values.smoke ? 'smoke' : 'gate',
    seed: values.seed === undefined ? randomInt(1, HIGHEST_SEED) : wholeNumber('seed', values.seed),
    runs: wholeNumber('seeds', values.seeds),
    hours: values.hours === undefined ? undefined : wholeNumber('hours', values.hours),
    only,
    sendsPerSecond: wholeNumber('rate', values.rate),
  };
}

/** The command line that repeats a run's choices. */
export function replayCommand(
  { mode, only, sendsPerSecond }: Pick<ChaosPlan, 'mode' | 'only' | 'sendsPerSecond'>,
  seed: number,
): string {
  const options = [
    ...(mode === 'smoke' ? ['--smoke'] : []),
    ...(only ? [`--only ${only.map((step) => step.join('+')).join(',')}`] : []),
    ...(String(sendsPerSecond) === DEFAULT_RATE ? [] : [`--rate ${sendsPerSecond}`]),
    `--seed ${seed}`,
  ];
  return `npm run chaos -- ${options.join(' ')}`;
}

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1 || number > HIGHEST_SEED) {
    throw new Error(`--${name} takes a whole number from 1 on, not "${text}"`);
  }
  return number;
}

function readStep(text: string): NemesisId[] {
  return text.split('+').map((part) => {
    const id = nemesisIds.find((known) => known === part.trim().toUpperCase());
    if (!id) throw new Error(`--only takes some of ${nemesisIds.join(', ')}, not "${part}"`);
    return id;
  });
}
