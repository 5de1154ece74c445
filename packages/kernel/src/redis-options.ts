import type { RedisOptions } from 'ioredis';
import { backoffDelayMs } from './backoff.ts';

/** Of every connection. RESP2, because its replies have the documented shape also through `call`. */
export const connectionOptions = {
  protocol: 2,
  connectTimeout: 2000,
  // a peer that does not answer our FIN is not waited for
  disconnectTimeout: 500,
  // a server that still loads its data is asked again after at most this
  maxLoadingRetryTime: 500,
  // one handshake command less; the connection has a name
  disableClientInfo: true,
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} satisfies RedisOptions;

/** For ever, in ever longer steps up to two seconds. ioredis counts attempts from 1. */
export const reconnectAfterMs = (attempt: number): number =>
  backoffDelayMs(attempt - 1, { baseMs: 50, capMs: 2000 });
