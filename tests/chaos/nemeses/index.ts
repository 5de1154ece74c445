import { badClients } from './clients.ts';
import { reshardCluster } from './cluster.ts';
import { fillDisks } from './disk.ts';
import type { Nemesis, Stack } from './nemesis.ts';
import { hurtEdges } from './network.ts';
import { poisonStreams } from './poison.ts';
import { stopPostgres } from './postgres.ts';
import { emptyRedis, failOver, killRedis, pauseRedis } from './redis.ts';
import { killDelivery, killGateway, pauseDelivery, rollingRestart, skewClock, stopAuth } from './services.ts';
import { whyNoSmallDisk } from './small-disk.ts';

/** By their numbers in the fault matrix of docs/proof.md. */
export const nemeses = {
  F1: killGateway,
  F2: killDelivery,
  F3: pauseDelivery,
  F4: stopAuth,
  F5: emptyRedis,
  F6: killRedis,
  F7: failOver,
  F8: pauseRedis,
  F9: stopPostgres,
  F10: hurtEdges,
  F11: badClients,
  F12: rollingRestart,
  F13: skewClock,
  F14: fillDisks,
  F16: reshardCluster,
  F17: poisonStreams,
} as const satisfies Record<string, Nemesis>;

export type NemesisId = keyof typeof nemeses;
export const nemesisIds = Object.keys(nemeses) as NemesisId[];

/** The stack these need; undefined for the usual one. Throws an Error with a message for the user when they need different ones. */
export function stackOf(ids: readonly NemesisId[]): Stack | undefined {
  const needs = new Set(ids.map((id) => (nemeses[id] as Nemesis).stack));
  if (needs.size > 1)
    throw new Error(`${ids.join(', ')} need different stacks: name them in runs of their own`);
  return [...needs][0];
}

/** Those that the gate runs: all on one stack. */
export const gateIds = nemesisIds.filter((id) => stackOf([id]) === undefined);

/** Rows of the matrix that the gate does not run, and why. */
export const notRun: Readonly<Record<string, string>> = {
  F15: 'Postgres failover, by hand: see docs/proof.md',
  F16: 'Redis Cluster, which is another stack: npm run chaos -- --only F16',
  F18: 'mixed, for hours: npm run chaos -- --hours N',
};

/** Those that this machine does not support, and why. */
export function impossibleHere(): ReadonlyMap<NemesisId, string> {
  const why = whyNoSmallDisk();
  return new Map(why === undefined ? [] : [['F14', why]]);
}
