import { type RawTarget, unusedPort } from '@securechat/testkit';
import type { Auth, ConstellationPlan, Files, Gateway, GatewayPlan, Way } from './constellation.ts';
import { type ServiceName, type ServiceProcess, startService } from './service-process.ts';
import type { Stores, StoringService } from './stores.ts';
import type { TlsFiles } from './tls-files.ts';

/**
 * Faults of timing are what the tests look for, so the services run with their real settings, except that tests
 * are quicker than people and all come from one address.
 */
const ENROLMENTS_PER_MINUTE = 100_000;
const CONNECTIONS_PER_ADDRESS = 10_000;
const MESSAGES_PER_MINUTE = 100_000;
const GROUP_OPERATIONS_PER_MINUTE = 10_000;
const HANDSHAKES_PER_SECOND = 10_000;
const CONVERSATIONS_PER_DAY = 100_000;
const DRAIN_MS = 300;
const PRESENCE_GRACE_MS = 300;
const FILE_BYTES_PER_MINUTE = '100GB';
/** Where chunks go, when `npm run test:s3` says so. */
const BUCKET = JSON.parse(process.env.TEST_S3_BUCKET ?? '{}') as Record<string, string>;

type LauncherParts = {
  plan: ConstellationPlan;
  shared: Record<string, string>;
  stores: Stores;
  seed: Buffer;
  tls: TlsFiles;
  processes: ServiceProcess[];
};

/** Starts each process of a constellation with what it has to know. */
export function createLauncher({ plan, shared, stores, seed, tls, processes }: LauncherParts) {
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
        GATEWAY_CONVERSATIONS_PER_DAY: String(CONVERSATIONS_PER_DAY),
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

export function gatewayPlans(plan: ConstellationPlan): readonly GatewayPlan[] {
  const { gateways = 2 } = plan;
  return typeof gateways === 'number' ? Array.from({ length: gateways }, () => ({})) : gateways;
}
