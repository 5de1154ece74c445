import { bytes, defineConfig, int, list, str, url } from './config.ts';
import { isOrigin } from './endpoints.ts';
import { isNetwork } from './networks.ts';
import { isOriginPattern } from './origins.ts';
import { parseRedisUrl, redisProtocols } from './redis-address.ts';

/** Options that several services read; defined once, so that they mean and allow the same everywhere. */
export const redisOption = {
  ...url({
    env: 'REDIS_URL',
    protocols: redisProtocols,
    secret: true,
    doc: 'Redis or Valkey, 7.0 or later, with maxmemory-policy noeviction. Cluster: `redis+cluster://` and several of its nodes, separated by commas. Sentinel: `redis+sentinel://` and several Sentinels, then `/` and the name of the master',
    example: 'redis://127.0.0.1:6379',
  }),
  parse(text: string): string {
    parseRedisUrl(text);
    return text;
  },
};

/** `role` is the login role that suffices for the service. */
export function postgresOption(role: string) {
  return url({
    env: 'POSTGRES_URL',
    protocols: ['postgres:', 'postgresql:'],
    secret: true,
    doc: `PostgreSQL 15 or later; the role ${role} is enough`,
    example: `postgres://${role}@127.0.0.1:5432/securechat`,
  });
}

export const streamOptions = defineConfig({
  streamPrefix: str({
    env: 'STREAM_PREFIX',
    default: 'sc',
    pattern: /^[A-Za-z0-9_.-]{1,32}$/,
    doc: 'Prefix of all Redis keys; must be the same in every service of a deployment',
  }),
  streamPartitions: int({
    env: 'STREAM_PARTITIONS',
    default: 4,
    min: 1,
    max: 256,
    doc: 'Partitions of the ordered streams; the same in every service; change it only when all are stopped and drained',
  }),
});

/** `env` is specific to the service: its proxies need not be another's. */
export function trustedProxiesOption(env: string) {
  return list({
    env,
    default: [],
    items: { are: isNetwork, expected: 'addresses or networks such as 10.0.0.0/8, separated by commas' },
    doc: 'Addresses or networks of proxies that are believed about client addresses; without them, all clients behind a proxy count as one',
    example: '10.0.0.0/8',
  });
}

export const originsOption = list({
  env: 'ALLOWED_ORIGINS',
  default: [],
  items: {
    are: isOriginPattern,
    expected: 'origins such as https://chat.example.com or http://localhost:*, separated by commas, or *',
  },
  doc: 'Origins of web pages that may use this service from a browser; other clients send no origin and need none',
  example: 'https://chat.example.com',
});

/** Shared by auth, which accepts webhooks, and push, which sends to them. */
export const webhookOriginsOption = list({
  env: 'WEBHOOK_ALLOWED_ORIGINS',
  default: [],
  items: { are: isOrigin, expected: 'origins such as http://backend.internal:3000, separated by commas' },
  doc: 'Webhook backends in your own network that may have a private address or speak HTTP, by origin; the same in auth and push',
  example: 'http://backend.internal:3000',
});

/** Options on which gateways and files must agree. */
export const fileOptions = defineConfig({
  bulkRedisUrl: {
    ...url({
      env: 'BULK_REDIS_URL',
      protocols: redisProtocols,
      secret: true,
      optional: true,
      doc: 'A separate Redis for file chunks, so that they do not delay messages; without it they go through REDIS_URL',
      example: 'redis://127.0.0.1:6380',
    }),
    parse(text: string): string {
      parseRedisUrl(text);
      return text;
    },
  },
  fileBytesPerMinute: bytes({
    env: 'FILE_BYTES_PER_MINUTE',
    default: 10_000_000,
    min: 2_000_000,
    doc: 'Bytes of files that one user sends and receives in any 60 seconds, across all devices; must be the same in gateways and files',
  }),
});
