// A separate system for one measurement: embedded Postgres and Redis, durable as in `npm start`, and the same service processes, with
// limits raised by configuration. No check is switched off.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  freePort,
  type GuardedProcess,
  lastLines,
  SERVICE_FLAGS,
  spawnGuarded,
  startPostgres,
  startRedis,
} from '@securechat/embedded';
import { createSelfSigned, migrate, ROOT } from '@securechat/testkit';
import { type ServiceInstance, serviceInstances } from '../scripts/stack/services.ts';
import type { Pids } from './measure/processes.ts';

export type Stack = {
  wsUrls: string[];
  tcpPorts: number[];
  authUrl: string;
  /** As the owner of the tables. */
  postgresUrl: string;
  /** By name: gateway-1, gateway-2 and so on, delivery-1, delivery-2, auth, presence, files, push, redis, postgres. */
  pids: Pids;
  /** With TLS: the certificate that clients have to trust. */
  certificateFile: string | undefined;
  stop(): Promise<void>;
};

/** Limits a load test must raise: it logs in and sends from one address, far faster than a person. */
const RAISED_LIMITS = {
  DELIVERY_MESSAGES_PER_EPOCH: '1000000',
  GATEWAY_MESSAGES_PER_MINUTE: '10000000',
  GATEWAY_GROUP_OPERATIONS_PER_MINUTE: '1000000',
  GATEWAY_CONVERSATIONS_PER_DAY: '1000000',
  GATEWAY_GLOBAL_MESSAGES_PER_SECOND: '1000000',
  GATEWAY_BANDWIDTH_PER_MINUTE: '1000GB',
  GATEWAY_CONNECTIONS_PER_IP: '100000',
  GATEWAY_HANDSHAKES_PER_SECOND: '100000',
  AUTH_ENROLMENTS_PER_MINUTE: '1000000',
};

const READY_DEADLINE_MS = 180_000;
const READY_POLL_MS = 50;
const STOP_DEADLINE_MS = 20_000;

export type StackOptions = {
  /** Number of gateways, and of delivery processes; default 2. */
  pairs?: number;
  /** Each service writes a V8 CPU profile of its whole life to this folder when it ends. */
  profileFolder?: string | undefined;
  /** For experiments: environment variables of all services, and settings by their names in postgresql.conf. */
  env?: Readonly<Record<string, string>>;
  postgresSettings?: Readonly<Record<string, string>>;
  /** The gateways speak TLS themselves. */
  hasTls?: boolean;
};

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const folder = mkdtempSync(join(tmpdir(), 'securechat-bench-'));
  const stops: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const stopOne of stops.splice(0).reverse()) await stopOne();
  };
  try {
    return { ...(await startAll(folder, stops, options)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Adds everything that must be stopped to `stops`, newest last. */
async function startAll(
  folder: string,
  stops: (() => Promise<void>)[],
  options: StackOptions,
): Promise<Omit<Stack, 'stop'>> {
  const redis = await startRedis({ appendonly: true });
  stops.push(() => redis.stop());
  const postgres = await startPostgres({
    database: 'securechat',
    settings: { max_connections: 200, ...options.postgresSettings },
  });
  stops.push(() => postgres.stop());
  await migrate(postgres.url);

  const instances = await plan(redis.url, postgres.url, options.pairs ?? 2);
  const tls = options.hasTls ? writeCertificate(folder) : undefined;
  const env = { ...tls, ...options.env };
  const pids: Record<string, number> = {};
  // gateways last, as in npm start
  for (const stage of ['data', 'edge'] as const) {
    const started = instances.filter((instance) => instance.stage === stage);
    await Promise.all(
      started.map(async (instance) => {
        const child = await startService(instance, folder, { ...options, env });
        stops.push(() => child.stop('SIGTERM', STOP_DEADLINE_MS));
        pids[instance.name] = child.pid;
        await untilReady(instance, child, join(folder, `${instance.name}.log`));
      }),
    );
  }
  const addressesOf = (service: string, kind: string): string[] =>
    instances.flatMap((instance) => (instance.service === service ? (instance.addresses[kind] ?? []) : []));
  return {
    wsUrls: addressesOf('gateway', 'ws').map((url) => (tls ? url.replace(/^ws:/, 'wss:') : url)),
    certificateFile: tls?.GATEWAY_TLS_CERT_FILE,
    tcpPorts: addressesOf('gateway', 'tcp').map((address) => Number(address.split(':').at(-1))),
    authUrl: addressesOf('auth', 'http')[0] ?? '',
    postgresUrl: postgres.url,
    pids: { ...inOrder(pids), redis: redis.pid, postgres: postgres.pid },
  };
}

/** Returns the variables that refer to it. */
function writeCertificate(folder: string) {
  const { certificate, key } = createSelfSigned();
  const [certFile, keyFile] = [join(folder, 'certificate.pem'), join(folder, 'key.pem')];
  writeFileSync(certFile, certificate);
  writeFileSync(keyFile, key, { mode: 0o600 });
  return { GATEWAY_TLS_CERT_FILE: certFile, GATEWAY_TLS_KEY_FILE: keyFile };
}

async function plan(redis: string, postgres: string, pairs: number): Promise<ServiceInstance[]> {
  const ports = await Promise.all(Array.from({ length: 7 + 4 * pairs }, freePort));
  const take = (count: number): number[] => ports.splice(0, count);
  const asRole = (role: string): string => {
    const url = new URL(postgres);
    url.username = role;
    return url.href;
  };
  return serviceInstances({
    ports: {
      ws: take(pairs),
      tcp: take(pairs),
      authHttp: take(1),
      redis: take(1),
      postgres: take(1),
      opsAuth: take(1),
      opsDelivery: take(pairs),
      opsPresence: take(1),
      opsGateway: take(pairs),
      filesHttp: take(1),
      opsFiles: take(1),
      opsPush: take(1),
    },
    urls: {
      redis,
      postgres,
      authPostgres: asRole('securechat_auth'),
      deliveryPostgres: asRole('securechat_delivery'),
      presencePostgres: asRole('securechat_presence'),
      filesPostgres: asRole('securechat_files'),
      pushPostgres: asRole('securechat_push'),
    },
    secrets: {
      serviceKey: randomBytes(32).toString('base64'),
      adminToken: randomBytes(32).toString('base64url'),
      vapidPrivateKey: randomBytes(32).toString('base64url'),
    },
  });
}

function startService(
  instance: ServiceInstance,
  folder: string,
  { profileFolder, env }: StackOptions,
): Promise<GuardedProcess> {
  const profile =
    profileFolder === undefined
      ? []
      : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${instance.name}.cpuprofile`];
  const script = join(ROOT, 'services', instance.service, 'src', 'main.ts');
  return spawnGuarded(process.execPath, [...SERVICE_FLAGS, ...profile, script], {
    cwd: ROOT,
    env: { ...process.env, ...instance.env, ...RAISED_LIMITS, LOG_LEVEL: 'warn', ...env },
    logFile: join(folder, `${instance.name}.log`),
    lastCleanup: folder,
  });
}

async function untilReady(instance: ServiceInstance, child: GuardedProcess, logFile: string): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (!(await isReady(instance.opsUrl))) {
    if (!child.isRunning() || performance.now() > deadline) {
      throw new Error(`${instance.name} did not become ready:\n${lastLines(logFile, 20)}`);
    }
    await sleep(READY_POLL_MS);
  }
}

async function isReady(opsUrl: string): Promise<boolean> {
  try {
    const response = await fetch(`${opsUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}

/** In the order of a message's path, so that tables read that way. */
function inOrder(pids: Record<string, number>): Record<string, number> {
  const services = ['gateway', 'delivery', 'auth', 'presence', 'files', 'push'];
  const placeOf = (name: string): number => services.findIndex((service) => name.startsWith(service));
  const byName = Object.entries(pids).sort(([one], [other]) => one.localeCompare(other));
  return Object.fromEntries(byName.sort(([one], [other]) => placeOf(one) - placeOf(other)));
}
