import type { Random } from '../random.ts';
import type { World } from '../world.ts';

/** What a fault works on. Two that hurt different things may fall together. */
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

/** `cluster`: a Redis Cluster of three masters with a replica each, without proxies before it. */
export type Stack = 'cluster';

export type Scene = {
  readonly world: World;
  /** The choices of this blow alone. */
  readonly random: Random;
  /** How often it falls: once in a smoke run, more often in the gate. */
  readonly times: number;
  /** How long faults that last are to last. */
  readonly lastsMs: number;
};

/** One row of the fault matrix. */
export type Nemesis = {
  readonly what: string;
  readonly hurts: Target;
  /** What it needs in place of the usual Redis. Runs on another stack have nemeses of that stack alone. */
  readonly stack?: Stack;
  /** Deals the blow and heals it. Resolves with what was done, for the report. */
  strike(scene: Scene): Promise<string>;
};
