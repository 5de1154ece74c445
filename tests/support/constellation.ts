import { randomBytes } from 'node:crypto';
import { signingKeyFromSeed } from '@securechat/crypto/sign';
import { type RawTarget, say, unlessAborted } from '@securechat/testkit';
import { createLauncher, gatewayPlans } from './launcher.ts';
import { lastLines, type ServiceName, type ServiceProcess } from './service-process.ts';
import { openStores, type Stores, type StoresPlan } from './stores.ts';
import { createTlsFiles } from './tls-files.ts';

export type GatewayPlan = { tls?: boolean; env?: Record<string, string> };

export type ConstellationPlan = StoresPlan & {
  /** How many, or what each is like; default 2. */
  gateways?: number | readonly GatewayPlan[];
  deliveries?: number;
  auths?: number;
  /** Default 0: a deployment works without, and a process more takes a second of each start. */
  presences?: number;
  /** Default 0: hardly any test needs it. */
  files?: number;
  /** Default 0, as files. */
  pushes?: number;
  /** Both ports of every gateway speak TLS 1.3. */
  tls?: boolean;
  partitions?: number;
  /** Where a process is to find a server, for who puts something in between; default: at its own address. */
  via?: (way: Way) => Promise<string>;
  /** Further settings of all processes of a service; these win. */
  env?: Partial<Record<ServiceName, Record<string, string>>>;
  /** Ends the start, with everything that was started by then. */
  stopping?: AbortSignal;
};

/** From a process to a server that it uses. */
export type Way = { from: ServiceName; index: number; to: 'redis' | 'postgres'; url: string };

export type Gateway = ServiceProcess & {
  readonly wsUrl: string;
  readonly tcpPort: number;
  /** For sockets that are no clients. */
  port(transport: 'websocket' | 'tcp'): number;
  /** The same as `tcpPort`, where the gateway speaks TLS. */
  readonly tlsPort: number | undefined;
  /** How a client gets there; trusts the certificate of this run. */
  target(transport?: 'websocket' | 'tcp'): RawTarget;
};

export type Auth = ServiceProcess & { readonly url: string };
/** With the address of its HTTP interface. */
export type Files = ServiceProcess & { readonly url: string };

/** All services of a deployment, each as a process of its own on this machine. */
export type Constellation = {
  readonly gateways: readonly Gateway[];
  readonly deliveries: readonly ServiceProcess[];
  readonly auths: readonly Auth[];
  readonly presences: readonly ServiceProcess[];
  readonly files: readonly Files[];
  readonly pushes: readonly ServiceProcess[];
  /** Of the first auth. */
  readonly authUrl: string;
  /** What clients pin. */
  readonly serviceKey: Uint8Array;
  readonly stores: Stores;
  readonly streamPrefix: string;
  /** Ends of all logs, for a failing test. */
  logs(): string;
  stop(): Promise<void>;
};

export async function startConstellation(plan: ConstellationPlan = {}): Promise<Constellation> {
  const startedAtMs = performance.now();
  const { stopping = new AbortController().signal } = plan;
  const stores = await openStores(plan);
  const seed = randomBytes(32);
  const tls = createTlsFiles();
  const processes: ServiceProcess[] = [];

  async function stopAll(): Promise<void> {
    // doors first, as in a deployment: who has no clients any more can finish its work
    const order: ServiceName[] = ['gateway', 'delivery', 'presence', 'files', 'push', 'auth'];
    const failures: unknown[] = [];
    for (const service of order) {
      const ends = processes.filter(({ name }) => name.startsWith(service)).map((process) => process.stop());
      for (const end of await Promise.allSettled(ends))
        if (end.status === 'rejected') failures.push(end.reason);
    }
    await stores.close();
    tls.remove();
    if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('\n'));
  }

  try {
    stopping.throwIfAborted();
    const shared = {
      STREAM_PREFIX: stores.streamPrefix,
      STREAM_PARTITIONS: String(plan.partitions ?? 4),
      LOG_LEVEL: process.env.TEST_LOG_LEVEL ?? 'info',
    };
    const launcher = createLauncher({ plan, shared, stores, seed, tls, processes });
    const [auths, deliveries, presences, files, pushes, gateways] = await Promise.all([
      several(plan.auths ?? 1, launcher.auth),
      several(plan.deliveries ?? 2, launcher.delivery),
      several(plan.presences ?? 0, launcher.presence),
      several(plan.files ?? 0, launcher.files),
      several(plan.pushes ?? 0, launcher.push),
      several(gatewayPlans(plan).length, launcher.gateway),
    ]);
    await unlessAborted(Promise.all(processes.map((process) => process.ready())), stopping);
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    say(`${processes.map(({ name }) => name).join(', ')} ready after ${seconds} s`);
    return {
      gateways,
      deliveries,
      auths,
      presences,
      files,
      pushes,
      authUrl: auths[0]?.url ?? '',
      serviceKey: signingKeyFromSeed(seed).publicKey,
      stores,
      streamPrefix: stores.streamPrefix,
      logs: () => processes.map(({ name, log }) => `  ${name}\n${lastLines(log)}`).join('\n'),
      stop: stopAll,
    };
  } catch (error) {
    await stopAll().catch(() => undefined);
    throw error;
  }
}

function several<T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => start(index)));
}
