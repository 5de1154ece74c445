import type { Writable } from 'node:stream';
import { Kysely, PostgresDialect } from 'kysely';
import { Client, type ClientBase, type ClientConfig, Pool, type PoolClient } from 'pg';
import { isConnectionLoss, isError, sqlState } from './errors.ts';
import { gatherWrites } from './gather-writes.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';
import { getTypeParser } from './postgres-types.ts';

export type ConnectionOptions = {
  /** Shown in pg_stat_activity; at most 63 bytes. */
  applicationName: string;
  /** The server cancels a statement after this; 0 means never. Default 5000. */
  statementTimeoutMs?: number;
  /** The server cancels a statement that waits longer for one lock. Default 2000. */
  lockTimeoutMs?: number;
  /** The server ends the session of an idle transaction, so that a paused process holds no locks. Default 3000. */
  idleInTransactionMs?: number;
  /** Default 5000. Also the longest wait for a free pool connection. */
  connectTimeoutMs?: number;
  /** Of each session, from its start, e.g. `enable_seqscan`; they go before those of the role and of the database. */
  settings?: Readonly<Record<string, string>>;
  logger?: Logger | undefined;
};

export type PoolOptions = ConnectionOptions & {
  /** Maximum concurrent connections. */
  max: number;
  metrics?: Metrics | undefined;
};

/** Our own limit comes after the server's, so that it only applies when the server does not answer at all. */
const ANSWER_GRACE_MS = 1000;
/** After this the server notices a dead peer and frees its locks: takeover waits for it. */
const TCP_USER_TIMEOUT_MS = 5000;

/** int8 arrives as a number and is refused when not a safe one. `end()` closes it. */
export function openPool(url: string, options: PoolOptions): Pool {
  const { max, metrics, logger } = options;
  const pool = new Pool({ ...configure(url, options), max, idleTimeoutMillis: 30_000 });
  pool.on('connect', (client) => guard(client, logger));
  // pg-pool repeats the error of an idle client here, and without a listener it would end the process
  pool.on('error', () => {});
  if (metrics !== undefined) measure(pool, metrics);
  return pool;
}

/**
 * A single connection. With `pipeline`, queries are sent without waiting for the previous answer: each stands alone
 * (outside BEGIN … COMMIT), a failed one does not stop those after it, cursors are refused, and a query without a
 * timely answer ends the connection. Rejects when it cannot connect; `end()` closes it.
 */
export async function openDedicatedClient(
  url: string,
  options: ConnectionOptions & { pipeline?: boolean },
): Promise<Client> {
  const client = new Client({ ...configure(url, options), pipeline: options.pipeline ?? false });
  guard(client, options.logger);
  await client.connect();
  if (options.pipeline) gatherWrites(streamOf(client));
  return client;
}

/** Missing from pg's types. */
const streamOf = (client: Client): Writable =>
  (client as unknown as { connection: { stream: Writable } }).connection.stream;

export function kyselyFor<DB>(pool: Pool): Kysely<DB> {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });
}

/** True when the server cancelled the statement or did not answer in time. */
export function isQueryTimeout(error: unknown): boolean {
  return sqlState(error) === '57014' || (isError(error) && error.message === 'Query read timeout');
}

/** 08: connection; 57: shutdown or cancelled; 25P03: idle in transaction for too long. */
function isSessionLost(error: unknown): boolean {
  return isQueryTimeout(error) || isConnectionLoss(error) || /^(08|57|25P03)/.test(sqlState(error) ?? '');
}

/** Has `release` when it belongs to a pool. */
export type PostgresClient = ClientBase | PoolClient;

function configure(url: string, options: ConnectionOptions): ClientConfig {
  const { statementTimeoutMs = 5000, lockTimeoutMs = 2000, idleInTransactionMs = 3000 } = options;
  return {
    connectionString: url,
    application_name: options.applicationName,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5000,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    // pg omits a zero, and then the defaults of the role apply, so zeros go as options
    options: [
      `-c statement_timeout=${statementTimeoutMs}`,
      `-c lock_timeout=${lockTimeoutMs}`,
      `-c idle_in_transaction_session_timeout=${idleInTransactionMs}`,
      `-c tcp_user_timeout=${TCP_USER_TIMEOUT_MS}`,
      ...Object.entries(options.settings ?? {}).map(([name, value]) => `-c ${name}=${escapeOption(value)}`),
    ].join(' '),
    query_timeout: statementTimeoutMs === 0 ? undefined : statementTimeoutMs + ANSWER_GRACE_MS,
    types: { getTypeParser },
  };
}

/** The server splits options at white space. */
const escapeOption = (value: string): string => value.replace(/[\\\s]/g, '\\$&');

/**
 * After a timeout the answer may still come, and pg would take it for the next query's (brianc/node-postgres#3399).
 * After a fatal error the session is gone, which pg notices a moment later. In both cases the connection is closed at
 * once, so that a pool discards it however it is released.
 */
function guard(client: ClientBase, logger: Logger | undefined): void {
  client.on('error', (err: Error) => logger?.warn({ err }, 'postgres connection lost'));
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  client.query = ((config: unknown, ...rest: unknown[]) => {
    const result = query(withNumberLists(config), ...rest);
    if (result instanceof Promise) {
      result.catch((error: unknown) => {
        if (isSessionLost(error)) close(client);
      });
    }
    return result;
  }) as ClientBase['query'];
}

/** pg scans each number of a list for characters to escape, which is a tenth of what a message batch costs delivery. */
function withNumberLists(config: unknown): unknown {
  const { values } = (typeof config === 'object' ? (config ?? {}) : {}) as { values?: unknown[] };
  if (!values?.some(isNumberList)) return config;
  return {
    ...(config as object),
    values: values.map((value) => (isNumberList(value) ? listOf(value) : value)),
  };
}

const isNumberList = (value: unknown): value is (number | null)[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((item) => item === null || typeof item === 'number');
const listOf = (numbers: readonly (number | null)[]): string =>
  `{${numbers.map((number) => number ?? 'NULL').join()}}`;

/** `end` is part of every client, but missing from a pool client's type. The pool does the same on release. */
function close(client: ClientBase): void {
  (client as Client).end(() => {});
}

function measure(pool: Pool, metrics: Metrics): void {
  const read = { total: () => pool.totalCount, idle: () => pool.idleCount, waiting: () => pool.waitingCount };
  const help = 'Connections of the Postgres pool (waiting: callers without one)';
  metrics.gauge('postgres_connections_count', help, { state: ['total', 'idle', 'waiting'] }, (gauge) => {
    for (const [state, count] of Object.entries(read)) gauge.set(count(), { state });
  });
}
