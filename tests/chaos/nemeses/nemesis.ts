import type { Random } from '../random.ts';
import type { World } from '../world.ts';

/** The target of a fault. Two with different targets may happen at once. */
type Target =
  | 'gateway'
  | 'delivery'
  | 'auth'
  | 'services'
  | 'redis'
  | 'postgres'
  | 'disks'
  | 'network'
  | 'clients';

/** `cluster`: a Redis Cluster of three masters with one replica each, without proxies. */
export type Stack = 'cluster';

export type Scene = {
  readonly world: World;
  /** For the choices of this strike alone. */
  readonly random: Random;
  /** Number of strikes: once in a smoke run, more often in the gate. */
  readonly times: number;
  /** Duration of faults that last. */
  readonly lastsMs: number;
};

/** One row of the fault matrix. */
export type Nemesis = {
  readonly what: string;
  readonly hurts: Target;
  /** What it needs instead of the usual Redis. A run on such a stack contains only its nemeses. */
  readonly stack?: Stack;
  /** Causes the fault and heals it. Resolves with what was done, for the report. */
  strike(scene: Scene): Promise<string>;
};
