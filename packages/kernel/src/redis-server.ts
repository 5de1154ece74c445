import { Socket } from 'node:net';
import { Redis, type RedisOptions, type SentinelConnectionOptions, SentinelConnector } from 'ioredis';
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
    Connector: AsksOnce,
    sentinelRetryStrategy: () => null,
    // a master that has become a replica under an open connection: the command is not repeated, the next one asks anew who is master
    reconnectOnError: (error: Error) => /^READONLY\b/.test(error.message),
  });
}

/**
 * Asks each Sentinel once. When none names a master the connection fails like one to a server, so that it comes back, or does not, as one to a
 * server does. By itself ioredis would wait here and ask again, and not even a connection that was closed would end that.
 */
class AsksOnce extends SentinelConnector {
  constructor(options: unknown) {
    super(options as SentinelConnectionOptions);
    endAtOnce(this as unknown as Asking);
  }

  override async connect(emit: Parameters<SentinelConnector['connect']>[0]) {
    try {
      return await super.connect(emit);
    } catch (error) {
      if (!this.connecting) throw error;
      // a connector that rejects would not be asked again
      this.firstError = error as Error;
      return new Socket().on('error', () => undefined).destroy(error as Error);
    }
  }
}

/** A part of ioredis that its types keep to themselves. */
type Asking = { connectToSentinel(sentinel: unknown, options?: RedisOptions): Redis };

/**
 * A connection to a Sentinel that has answered, or is gone, is not waited for. By itself ioredis gives each two seconds to end, also one that has
 * ended already, and a process that closes has to outlive them.
 */
function endAtOnce(connector: Asking): void {
  const connectToSentinel = connector.connectToSentinel.bind(connector);
  connector.connectToSentinel = (sentinel) => connectToSentinel(sentinel, { disconnectTimeout: 0 });
}
