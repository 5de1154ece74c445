import type { StackUrls } from './data-servers.ts';
import type { StackPorts } from './ports.ts';
import type { Stage } from './running.ts';
import type { StackSecrets } from './secrets.ts';

/** A process of a service, and its addresses. */
export type ServiceInstance = {
  name: string;
  /** Its folder below services/. */
  service: string;
  stage: Exclude<Stage, 'server'>;
  /** Added to our own environment; undefined removes a variable. */
  env: Record<string, string | undefined>;
  addresses: Record<string, string>;
  opsUrl: string;
};

type Parts = { ports: Omit<StackPorts, 'web'>; urls: StackUrls; secrets: StackSecrets };

const HOST = '127.0.0.1';

/**
 * The protocol's limits of 100 messages and 10 new conversations a minute would make a trial with a few thousand messages last an hour,
 * so a laptop's stack allows more. Nothing is switched off: the same check runs with a different number.
 */
const LAPTOP_MESSAGES_PER_MINUTE = process.env.GATEWAY_MESSAGES_PER_MINUTE || '100000';
const LAPTOP_GROUP_OPERATIONS_PER_MINUTE = process.env.GATEWAY_GROUP_OPERATIONS_PER_MINUTE || '1000';
const LAPTOP_CONVERSATIONS_PER_DAY = process.env.GATEWAY_CONVERSATIONS_PER_DAY || '100000';
/** A video of 1 GB should not take an hour and a half. */
const LAPTOP_FILE_BYTES_PER_MINUTE = process.env.FILE_BYTES_PER_MINUTE || '10GB';

/** Nobody reads mail there; to use push on a laptop, set a real contact. */
const LAPTOP_CONTACT = 'mailto:nobody@example.com';

/** Pages in development served by this machine, at any port. */
const LAPTOP_ORIGINS = process.env.ALLOWED_ORIGINS || 'http://localhost:*,http://127.0.0.1:*';

/** The stack of a laptop: two of everything that is meant to be replicated. */
export function serviceInstances({ ports, urls, secrets }: Parts): ServiceInstance[] {
  return [
    ...ports.authHttp.map((port, index) => auth(port, ports.opsAuth[index] as number, urls, secrets)),
    ...ports.opsDelivery.map((ops, index) => delivery(index + 1, ops, urls)),
    ...ports.opsPresence.map((ops) => presence(ops, urls)),
    ...ports.filesHttp.map((port, index) => files(port, ports.opsFiles[index] as number, urls)),
    ...ports.opsPush.map((ops) => push(ops, urls, secrets)),
    ...ports.ws.map((ws, index) =>
      gateway(
        index + 1,
        { ws, tcp: ports.tcp[index] as number, ops: ports.opsGateway[index] as number },
        urls,
      ),
    ),
  ];
}

function auth(http: number, ops: number, urls: StackUrls, secrets: StackSecrets): ServiceInstance {
  return {
    name: 'auth',
    service: 'auth',
    stage: 'data',
    env: {
      ...common(ops, urls),
      POSTGRES_URL: urls.authPostgres,
      AUTH_HTTP_PORT: String(http),
      AUTH_SERVICE_KEY: secrets.serviceKey,
      AUTH_ADMIN_TOKEN: secrets.adminToken,
    },
    addresses: { http: `http://${HOST}:${http}` },
    opsUrl: opsUrl(ops),
  };
}

function delivery(number: number, ops: number, urls: StackUrls): ServiceInstance {
  return {
    name: `delivery-${number}`,
    service: 'delivery',
    stage: 'data',
    env: { ...common(ops, urls), POSTGRES_URL: urls.deliveryPostgres },
    addresses: {},
    opsUrl: opsUrl(ops),
  };
}

function presence(ops: number, urls: StackUrls): ServiceInstance {
  return {
    name: 'presence',
    service: 'presence',
    stage: 'data',
    env: { ...common(ops, urls), POSTGRES_URL: urls.presencePostgres },
    addresses: {},
    opsUrl: opsUrl(ops),
  };
}

function files(http: number, ops: number, urls: StackUrls): ServiceInstance {
  const url = `http://${HOST}:${http}`;
  return {
    name: 'files',
    service: 'files',
    stage: 'data',
    env: {
      ...common(ops, urls),
      POSTGRES_URL: urls.filesPostgres,
      FILES_HTTP_PORT: String(http),
      FILES_PUBLIC_URL: url,
    },
    addresses: { http: url },
    opsUrl: opsUrl(ops),
  };
}

function push(ops: number, urls: StackUrls, secrets: StackSecrets): ServiceInstance {
  return {
    name: 'push',
    service: 'push',
    stage: 'data',
    env: {
      ...common(ops, urls),
      POSTGRES_URL: urls.pushPostgres,
      PUSH_VAPID_PRIVATE_KEY: secrets.vapidPrivateKey,
      PUSH_CONTACT: process.env.PUSH_CONTACT || LAPTOP_CONTACT,
      PUSH_BRIDGE_KEY: process.env.PUSH_BRIDGE_KEY,
    },
    addresses: {},
    opsUrl: opsUrl(ops),
  };
}

function gateway(
  number: number,
  ports: { ws: number; tcp: number; ops: number },
  urls: StackUrls,
): ServiceInstance {
  return {
    name: `gateway-${number}`,
    service: 'gateway',
    stage: 'edge',
    env: {
      ...common(ports.ops, urls),
      POSTGRES_URL: undefined, // a gateway must not access it
      GATEWAY_ID: `gateway-${number}`,
      GATEWAY_WS_PORT: String(ports.ws),
      GATEWAY_TCP_PORT: String(ports.tcp),
      GATEWAY_MESSAGES_PER_MINUTE: LAPTOP_MESSAGES_PER_MINUTE,
      GATEWAY_GROUP_OPERATIONS_PER_MINUTE: LAPTOP_GROUP_OPERATIONS_PER_MINUTE,
      GATEWAY_CONVERSATIONS_PER_DAY: LAPTOP_CONVERSATIONS_PER_DAY,
    },
    addresses: { ws: `ws://${HOST}:${ports.ws}/v1/ws`, tcp: `tcp://${HOST}:${ports.tcp}` },
    opsUrl: opsUrl(ports.ops),
  };
}

function common(ops: number, urls: StackUrls): Record<string, string | undefined> {
  return {
    REDIS_URL: urls.redis,
    OPS_PORT: String(ops),
    ALLOWED_ORIGINS: LAPTOP_ORIGINS,
    FILE_BYTES_PER_MINUTE: LAPTOP_FILE_BYTES_PER_MINUTE,
    LOG_LEVEL: process.env.LOG_LEVEL || 'info',
    // each belongs to one service, and is set explicitly above
    AUTH_POSTGRES_URL: undefined,
    DELIVERY_POSTGRES_URL: undefined,
    PRESENCE_POSTGRES_URL: undefined,
    FILES_POSTGRES_URL: undefined,
    PUSH_POSTGRES_URL: undefined,
    PUSH_VAPID_PRIVATE_KEY: undefined,
    PUSH_BRIDGE_KEY: undefined,
    AUTH_SERVICE_KEY: undefined,
    AUTH_ADMIN_TOKEN: undefined,
  };
}

function opsUrl(port: number): string {
  return `http://${HOST}:${port}`;
}
