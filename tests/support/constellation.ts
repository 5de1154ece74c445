import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { signingKeyFromSeed } from '@securechat/crypto/sign';
import {
  createSelfSigned,
  type RawTarget,
  type SelfSigned,
  say,
  unlessAborted,
  unusedPort,
} from '@securechat/testkit';
import { lastLines, type ServiceName, type ServiceProcess, startService } from './service-process.ts';
import { openStores, type Stores, type StoresPlan, type StoringService } from './stores.ts';

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

/**
 * Faults of timing are what the tests look for, so the services run with their real settings, except that tests
 * are quicker than people and all come from one address.
 */
const ENROLMENTS_PER_MINUTE = 100_000;
const CONNECTIONS_PER_ADDRESS = 10_000;
const MESSAGES_PER_MINUTE = 100_000;
const GROUP_OPERATIONS_PER_MINUTE = 10_000;
const HANDSHAKES_PER_SECOND = 10_000;
const DRAIN_MS = 300;
const PRESENCE_GRACE_MS = 300;
const FILE_BYTES_PER_MINUTE = '100GB';
/** Where chunks go, when `npm run test:s3` says so. */
const BUCKET = JSON.parse(process.env.TEST_S3_BUCKET ?? '{}') as Record<string, string>;

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

type LauncherParts = {
  plan: ConstellationPlan;
  shared: Record<string, string>;
  stores: Stores;
  seed: Buffer;
  tls: TlsFiles;
  processes: ServiceProcess[];
};

function createLauncher({ plan, shared, stores, seed, tls, processes }: LauncherParts) {
  const { via = async ({ url }: Way) => url } = plan;

  async function launch(
    service: ServiceName,
    index: number,
    env: Record<string, string>,
  ): Promise<ServiceProcess> {
    const process = await startService({
      service,
      name: `${service} ${index}`,
      opsPort: await unusedPort(),
      ...(plan.root === undefined ? {} : { root: plan.root }),
      env: {
        ...shared,
        REDIS_URL: await via({ from: service, index, to: 'redis', url: stores.redisUrlFor(service) }),
        INSTANCE_ID: `${service}-${index}`,
        ...env,
        ...plan.env?.[service],
      },
    });
    processes.push(process);
    return process;
  }

  const postgresUrl = (from: StoringService, index: number): Promise<string> =>
    via({ from, index, to: 'postgres', url: stores.postgresUrlFor(from) });

  return {
    async auth(index: number): Promise<Auth> {
      const port = await unusedPort();
      const process = await launch('auth', index, {
        POSTGRES_URL: await postgresUrl('auth', index),
        AUTH_HTTP_PORT: String(port),
        AUTH_SERVICE_KEY: Buffer.from(seed).toString('base64'),
        AUTH_ENROLMENTS_PER_MINUTE: String(ENROLMENTS_PER_MINUTE),
      });
      return withFields(process, { url: `http://127.0.0.1:${port}` });
    },

    delivery: async (index: number) =>
      launch('delivery', index, { POSTGRES_URL: await postgresUrl('delivery', index) }),

    presence: async (index: number) =>
      launch('presence', index, {
        POSTGRES_URL: await postgresUrl('presence', index),
        PRESENCE_GRACE_MS: String(PRESENCE_GRACE_MS),
      }),
    async files(index: number): Promise<Files> {
      const port = await unusedPort();
      const url = `http://127.0.0.1:${port}`;
      const process = await launch('files', index, {
        POSTGRES_URL: await postgresUrl('files', index),
        FILES_HTTP_PORT: String(port),
        FILES_PUBLIC_URL: url,
        FILE_BYTES_PER_MINUTE: FILE_BYTES_PER_MINUTE,
        ...BUCKET,
      });
      return withFields(process, { url });
    },

    push: async (index: number) =>
      launch('push', index, {
        POSTGRES_URL: await postgresUrl('push', index),
        PUSH_VAPID_PRIVATE_KEY: seed.toString('base64url'),
        PUSH_CONTACT: 'mailto:admin@example.com',
      }),

    async gateway(index: number): Promise<Gateway> {
      const { tls: ownTls = plan.tls ?? false, env = {} } = gatewayPlans(plan)[index] ?? {};
      const [wsPort, tcpPort] = [await unusedPort(), await unusedPort()];
      const files = ownTls ? tls.get() : undefined;
      const process = await launch('gateway', index, {
        GATEWAY_ID: `gateway-${index}`,
        GATEWAY_HOST: '127.0.0.1',
        GATEWAY_WS_PORT: String(wsPort),
        GATEWAY_TCP_PORT: String(tcpPort),
        GATEWAY_MESSAGES_PER_MINUTE: String(MESSAGES_PER_MINUTE),
        GATEWAY_GROUP_OPERATIONS_PER_MINUTE: String(GROUP_OPERATIONS_PER_MINUTE),
        GATEWAY_GROUP_COMMITS_PER_MINUTE: String(GROUP_OPERATIONS_PER_MINUTE),
        GATEWAY_CONNECTIONS_PER_IP: String(CONNECTIONS_PER_ADDRESS),
        GATEWAY_HANDSHAKES_PER_SECOND: String(HANDSHAKES_PER_SECOND),
        GATEWAY_DRAIN_MS: String(DRAIN_MS),
        FILE_BYTES_PER_MINUTE: FILE_BYTES_PER_MINUTE,
        ...(files
          ? { GATEWAY_TLS_CERT_FILE: files.certificateFile, GATEWAY_TLS_KEY_FILE: files.keyFile }
          : {}),
        ...env,
      });
      const wsUrl = `${files ? 'wss' : 'ws'}://127.0.0.1:${wsPort}/v1/ws`;
      const trust = files ? { tls: { ca: files.certificate } } : {};
      return withFields(process, {
        wsUrl,
        tcpPort,
        port: (transport: 'websocket' | 'tcp') => (transport === 'tcp' ? tcpPort : wsPort),
        tlsPort: files ? tcpPort : undefined,
        target: (transport: 'websocket' | 'tcp' = 'websocket'): RawTarget =>
          transport === 'websocket'
            ? { url: wsUrl, ...trust }
            : { tcp: { host: '127.0.0.1', port: tcpPort }, ...trust },
      });
    },
  };
}

/** Keeps the getters of `process` alive, which a spread would freeze. */
function withFields<F extends object>(process: ServiceProcess, fields: F): ServiceProcess & F {
  return Object.assign(Object.create(process) as ServiceProcess, fields);
}

function gatewayPlans(plan: ConstellationPlan): readonly GatewayPlan[] {
  const { gateways = 2 } = plan;
  return typeof gateways === 'number' ? Array.from({ length: gateways }, () => ({})) : gateways;
}

function several<T>(count: number, start: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => start(index)));
}

type CertificateFiles = SelfSigned & { certificateFile: string; keyFile: string };
type TlsFiles = { get(): CertificateFiles; remove(): void };

/** One certificate for all gateways, made when the first one asks for it. */
function createTlsFiles(): TlsFiles {
  let folder: string | undefined;
  let made: CertificateFiles | undefined;
  return {
    get() {
      if (made) return made;
      folder = mkdtempSync(join(tmpdir(), 'securechat-tls-'));
      const files = { certificateFile: join(folder, 'certificate.pem'), keyFile: join(folder, 'key.pem') };
      made = { ...createSelfSigned(), ...files };
      writeFileSync(files.certificateFile, made.certificate);
      writeFileSync(files.keyFile, made.key, { mode: 0o600 });
      return made;
    },
    remove() {
      if (folder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
