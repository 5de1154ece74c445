import { gateIds, type NemesisId, nemeses } from './nemeses/index.ts';
import type { Random } from './random.ts';

/** Faults that happen at the same time. */
export type Step = readonly NemesisId[];

/** About 30 s: each of these once. */
const SMOKE: readonly Step[] = [['F1', 'F2'], ['F5'], ['F9'], ['F10']];

/** Shuffled by the seed. */
export const smokeSchedule = (random: Random): Step[] => random.shuffled(SMOKE);

/** Each round has a different order and different pairs. */
const GATE_ROUNDS = 2;

/**
 * Every nemesis once per round, in random order; half of them together with one that has a different target, so that two things fail at
 * once. Client faults go with all; those that affect every service, the network or the disks go alone.
 */
export function gateSchedule(random: Random): Step[] {
  return Array.from({ length: GATE_ROUNDS }, () => gateRound(random)).flat();
}

function gateRound(random: Random): Step[] {
  const waiting = random.shuffled(gateIds);
  const steps: Step[] = [];
  for (let first = waiting.shift(); first; first = waiting.shift()) {
    const one = first;
    const partner = random.next() < 0.5 ? waiting.findIndex((other) => mayMeet(one, other)) : -1;
    steps.push(partner < 0 ? [one] : [one, ...waiting.splice(partner, 1)]);
  }
  return steps;
}

/** Not those that detect their end by an answer that the other one may prevent. */
const ALONE: ReadonlySet<string> = new Set(['services', 'network', 'disks']);

export function mayMeet(one: NemesisId, other: NemesisId): boolean {
  const [first, second] = [nemeses[one].hurts, nemeses[other].hurts];
  if (first === second || ALONE.has(first) || ALONE.has(second)) return false;
  // these need entries to reach Postgres, and devices to log in
  const needsEverything = one === 'F17' || other === 'F17' || one === 'F11' || other === 'F11';
  return !needsEverything || first === 'delivery' || second === 'delivery';
}
