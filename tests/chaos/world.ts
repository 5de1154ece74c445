import {
  askRedis,
  type ChatClient,
  type ChatClientOptions,
  History,
  type OwnServer,
  type RedisCluster,
  rowsOf,
  unlessAborted,
  within,
} from '@securechat/testkit';
import { type Constellation, startConstellation } from '../support/constellation.ts';
import type { ServiceProcess } from '../support/service-process.ts';
import { type Cast, openCast } from './cast.ts';
import { createEdges, type Edges } from './edges.ts';
import type { Stack } from './nemeses/nemesis.ts';
import { type FaultProxy, startFaultProxy } from './proxy.ts';
import type { Random } from './random.ts';

/** Everything that a run works on. */
export type World = {
  readonly constellation: Constellation;
  readonly edges: Edges;
  readonly cast: Cast;
  readonly history: History;
  /** The current Redis; a failover changes it. */
  redis: OwnServer;
  /** Used instead, if the run was opened that way; then there is no `redis`. */
  readonly cluster: RedisCluster | undefined;
  readonly postgres: OwnServer;
  readonly services: readonly ServiceProcess[];
  /** The only way for the guest that reads slowly; set when there are guests. */
  readonly slowDoor: FaultProxy | undefined;
  /** Addresses of guests who never came, or who misbehave so much that they need not have everything. */
  readonly excused: Set<string>;
  /** Number of entries put into streams that must end as dead letters. */
  poisoned: number;
  /** Servers started during the run. */
  readonly further: OwnServer[];
  ask(command: string, ...args: (string | number)[]): Promise<unknown>;
  rows<R extends Record<string, unknown>>(question: string): Promise<R[]>;
  close(): Promise<void>;
};

/** For a query bypassing all proxies; a paused server does not answer. */
const ASK_DEADLINE_MS = 3_000;
/** Far above a run's traffic: a guest that is away for all of it must find everything. */
const MAILBOX_WITHOUT_END = {
  DELIVERY_MAX_WAITING_MESSAGES: '1000000',
  DELIVERY_MAX_WAITING_BYTES: '10000000000',
};

type WorldPlan = {
  hasGuests: boolean;
  groups: readonly number[];
  stack: Stack | undefined;
  /** Ends the set-up, and everything it has started. */
  stopping: AbortSignal;
};

/** Two gateways, two delivery processes, auth, a separate Redis and Postgres, and people who are online. */
export async function openWorld(random: Random, plan: WorldPlan): Promise<World> {
  const { hasGuests, groups, stack, stopping } = plan;
  const edges = createEdges();
  const constellation = await startConstellation({
    ...{ gateways: 2, deliveries: 2, presences: 1, auths: 1 },
    redis: stack === 'cluster' ? 'own cluster' : 'own, append-only',
    postgres: 'own',
    // cluster nodes tell clients where the others are, so proxies would be bypassed
    via: (way) => (stack === 'cluster' && way.to === 'redis' ? Promise.resolve(way.url) : edges.via(way)),
    env: { delivery: MAILBOX_WITHOUT_END },
    stopping,
  }).catch(async (error: Error) => {
    // their listeners would keep this process alive
    await edges.close();
    throw error;
  });
  const { stores, gateways, deliveries, auths, presences, authUrl, serviceKey } = constellation;
  const { ownRedis, ownCluster, ownPostgres } = stores;
  if (!(ownRedis || ownCluster) || !ownPostgres) throw new Error('the run has no servers of its own');
  const history = new History();
  const further: OwnServer[] = [];
  let cast: Cast | undefined;
  let slowDoor: FaultProxy | undefined;

  async function close(): Promise<void> {
    await cast?.close();
    try {
      await constellation.stop();
    } finally {
      await edges.close();
      await slowDoor?.close();
      await Promise.all(further.map((server) => server.stop()));
    }
  }

  try {
    const doors = await Promise.all(gateways.map((gateway) => edges.doors(gateway)));
    if (hasGuests && gateways[0]) slowDoor = await startFaultProxy({ port: gateways[0].tcpPort });
    const guests: Partial<ChatClientOptions>[] = slowDoor
      ? [{ gateways: [{ tcp: { host: '127.0.0.1', port: slowDoor.port } }] }, { acks: 'never' }]
      : [];
    const opening = openCast({ random, authUrl, serviceKey, doors, history, guests, groups });
    cast = await unlessAborted(opening, stopping);
  } catch (error) {
    if (!stopping.aborted) process.stderr.write(`${constellation.logs()}\n`);
    await close();
    throw error;
  }
  const excused = new Set(cast.guests.map(({ device }) => device.address));
  let redis = ownRedis;
  let asked = 0;
  /** For a cluster, one master after another. */
  async function askedUrl(): Promise<string> {
    const masters = await ownCluster?.masters();
    asked += 1;
    return masters ? `redis://127.0.0.1:${masters[asked % masters.length]?.port}` : world.redis.url;
  }
  const world: World = {
    ...{ constellation, edges, cast, history, further, excused, slowDoor, close },
    get redis() {
      if (!redis) throw new Error('this run has a cluster in place of one Redis');
      return redis;
    },
    set redis(next) {
      redis = next;
    },
    cluster: ownCluster,
    postgres: ownPostgres,
    services: [...gateways, ...deliveries, ...presences, ...auths],
    poisoned: 0,
    ask: async (command, ...args) =>
      within(askRedis(await askedUrl(), command, ...args), ASK_DEADLINE_MS, () => `an answer to ${command}`),
    rows: (question) => within(rowsOf(ownPostgres.url, question), ASK_DEADLINE_MS, () => 'rows of Postgres'),
  };
  return world;
}

/** Every device that must have everything in the end. */
export const honestClients = ({ cast, excused }: World): readonly ChatClient[] =>
  [...cast.clients, ...cast.guests].filter(({ device }) => !excused.has(device.address));
