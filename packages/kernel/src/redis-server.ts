import { Socket } from 'node:net';
import { Redis, type RedisOptions, type SentinelConnectionOptions, SentinelConnector } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';

type ServerAddress = Exclude<RedisAddress, { kind: 'cluster' }>;

/** A Sentinel that is silent for this long is skipped for the next one. */
const SENTINEL_TIMEOUT_MS = 1_000;

/** A connection to one server: the URL's, or, on each new connection, whichever the Sentinels then name as the master. */
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
    // a master demoted to a replica under an open connection: the command is not repeated, the next one looks up the
    // master again
    reconnectOnError: (error: Error) => /^READONLY\b/.test(error.message),
  });
}

/**
 * Asks each Sentinel once. When none names a master the connection fails like one to a server, and is retried or not
 * in the same way. ioredis itself would wait here and ask again, and not even closing the connection would end that.
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
      // a connector that rejects would not be retried
      this.firstError = error as Error;
      return new Socket().on('error', () => undefined).destroy(error as Error);
    }
  }
}

/** An ioredis internal that its types do not expose. */
type Asking = { connectToSentinel(sentinel: unknown, options?: RedisOptions): Redis };

/**
 * Does not wait for a connection to a Sentinel that has answered or is gone. ioredis itself gives each two seconds to
 * end, even one that has ended already, and a closing process would have to wait for them.
 */
function endAtOnce(connector: Asking): void {
  const connectToSentinel = connector.connectToSentinel.bind(connector);
  connector.connectToSentinel = (sentinel) => connectToSentinel(sentinel, { disconnectTimeout: 0 });
}
