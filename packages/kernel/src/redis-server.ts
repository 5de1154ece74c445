import { Redis, type RedisOptions } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';

type ServerAddress = Exclude<RedisAddress, { kind: 'cluster' }>;

/** A Sentinel that is silent for so long is passed over for the next one. */
const SENTINEL_TIMEOUT_MS = 1_000;

/** A connection to one server: the one of the URL, or with each new connection the one that Sentinels name as the master then. */
export function openServer(address: ServerAddress, options: RedisOptions): Redis {
  if (address.kind === 'server') return new Redis(address.url, options);
  const { nodes, name, login, sentinelPassword } = address;
  return new Redis({
    ...options,
    ...login,
    name,
    sentinels: [...nodes],
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(login.tls ? { enableTLSForSentinelMode: true, sentinelTLS: {} } : {}),
    sentinelCommandTimeout: SENTINEL_TIMEOUT_MS,
    // who does not connect again does not ask again either
    sentinelRetryStrategy: options.retryStrategy ?? (() => null),
    // a master that has become a replica under an open connection: the command is not repeated, the next one asks anew who is master
    reconnectOnError: (error: Error) => /^READONLY\b/.test(error.message),
  });
}
