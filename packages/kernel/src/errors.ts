import { types } from 'node:util';

/** The world's fault and likely transient: try again later. */
export class RetryableError extends Error {
  override readonly name: string = 'RetryableError';
}

/** This input can never succeed: park it, do not retry. */
export class PoisonError extends Error {
  override readonly name: string = 'PoisonError';
}

/** Something took longer than allowed. Whether it took effect is unknown. */
export class DeadlineError extends RetryableError {
  override readonly name = 'DeadlineError';
}

/** Unlike `instanceof`, also true for errors that Node made in another realm (jest gives each test file its own). */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value);
}

/** Node tries all addresses of a name, and the combined error does not say what the individual failures were. */
export function messageOf(error: unknown): string {
  if (!isError(error)) return String(error);
  return error instanceof AggregateError ? error.errors.map(messageOf).join(', ') : error.message;
}

export type ErrorClass = 'retryable' | 'poison' | 'fault';

/**
 * Transient SQLSTATE classes: 08 connection, 40 serialization and deadlock, 53 resources (disk full, too many
 * connections), 55 object not in state (lock_timeout), 57 operator intervention (shutdown, statement_timeout).
 */
const RETRYABLE_CLASSES = new Set(['08', '40', '53', '55', '57']);
/** 25P03: idle in transaction for too long. 25006: the server became a read-only standby (failover). */
const RETRYABLE_STATES = new Set(['25P03', '25006']);
/** 22 data exception, 23 integrity constraint violation: the same bytes always fail the same way. */
const POISON_CLASSES = new Set(['22', '23']);

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

/** Messages of pg and ioredis for a lost connection: these errors have neither a class nor a code. */
const CONNECTION_MESSAGES = [
  // pg, pg-pool
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed and is not queryable',
  'Query read timeout',
  'timeout expired',
  'timeout exceeded when trying to connect',
  // ioredis
  'Connection is closed.',
  "Stream isn't writeable and enableOfflineQueue options is false",
  'Command timed out',
  'Command aborted due to connection close',
  'Socket timeout.',
  'Reached the max retries per request limit',
  // ioredis with Sentinel
  'All sentinels are unreachable',
  // ioredis with a cluster
  "Cluster isn't ready and enableOfflineQueue options is false",
  'Cluster is ended.',
  'Failed to refresh slots cache.',
  'None of startup nodes is available',
  'Too many Cluster redirections',
];

/** Redis replies of a reachable server that cannot serve now, or says that another one does. */
const REDIS_NOT_NOW =
  /^-?(LOADING|MASTERDOWN|READONLY|CLUSTERDOWN|TRYAGAIN|MOVED|ASK|UNBLOCKED|MISCONF|OOM|BUSY|NOREPLICAS)\b/;

/** `fault` means ours: a bug, or an unforeseen error. */
export function classify(error: unknown): ErrorClass {
  if (error instanceof PoisonError) return 'poison';
  if (error instanceof RetryableError || isConnectionLoss(error) || isRedisNotNow(error)) return 'retryable';
  const state = sqlState(error);
  if (state === undefined) return 'fault';
  const stateClass = state.slice(0, 2);
  if (RETRYABLE_STATES.has(state) || RETRYABLE_CLASSES.has(stateClass)) return 'retryable';
  return POISON_CLASSES.has(stateClass) ? 'poison' : 'fault';
}

/** True when the connection to Redis or Postgres is gone, was never there, or did not answer in time. */
export function isConnectionLoss(error: unknown): boolean {
  if (!isError(error)) return false;
  const code = codeOf(error);
  if (code !== undefined && SOCKET_CODES.has(code)) return true;
  return CONNECTION_MESSAGES.some((message) => error.message.startsWith(message));
}

export function isRedisNotNow(error: unknown): boolean {
  return isError(error) && error.name === 'ReplyError' && REDIS_NOT_NOW.test(error.message);
}

/** The five-character SQLSTATE of a Postgres error, or undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  if (!isError(error)) return undefined;
  const code = codeOf(error);
  // `severity` tells a server error from Node's own codes, some of which have five letters (EPERM)
  return 'severity' in error && code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Settles like `promise`, or rejects with a DeadlineError after `ms`. The work itself is not cancelled. */
export async function withDeadline<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  const { promise: deadline, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DeadlineError(`${what} took longer than ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
