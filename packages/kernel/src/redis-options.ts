import type { RedisOptions } from 'ioredis';
import { backoffDelayMs } from './backoff.ts';

/** For every connection. RESP2, because its replies have the documented shape also through `call`. */
export const connectionOptions = {
  protocol: 2,
  connectTimeout: 2000,
  // do not wait for a peer that does not answer our FIN
  disconnectTimeout: 500,
  // retry interval while a server is still loading its data
  maxLoadingRetryTime: 500,
  // one handshake command less; the connection has a name
  disableClientInfo: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} satisfies RedisOptions;

/** Retries for ever, with delays growing to two seconds. ioredis counts attempts from 1. */
export const reconnectAfterMs = (attempt: number): number =>
  backoffDelayMs(attempt - 1, { baseMs: 50, capMs: 2000 });
