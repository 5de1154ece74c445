import type { ClientBase, Pool, PoolClient, QueryResult } from 'pg';
import { isError, RetryableError, sqlState } from './errors.ts';

/** The answer to COMMIT did not come, or came with a warning: it may or may not have happened. Look before retrying. */
export class CommitUnknownError extends RetryableError {
  override readonly name = 'CommitUnknownError';
}

/** Waiting for the synchronous standby may take long; beyond this the outcome is treated as unknown. */
const COMMIT_TIMEOUT_MS = 30_000;

/**
 * Runs `fn` between BEGIN and COMMIT on one connection of the pool. Any error rolls back and is rethrown; a
 * connection that failed or timed out is discarded. Throws CommitUnknownError when the outcome is unknown.
 */
export async function withTransaction<T>(pool: Pool, fn: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query('BEGIN');
    const result = await fn(client);
    await commit(client);
    return result;
  } catch (error) {
    isBroken = error instanceof CommitUnknownError || !(await rollBack(client));
    throw error;
  } finally {
    client.release(isBroken);
  }
}

/**
 * COMMIT without a statement timeout. Postgres reports a cancelled wait for the standby as success with a warning,
 * although the standby may not have the data: therefore any warning makes the outcome unknown. Throws
 * CommitUnknownError, or the server's error when nothing was committed.
 */
export async function commit(client: ClientBase): Promise<void> {
  const warnings: string[] = [];
  const onNotice = (notice: { code?: string | undefined; message?: string | undefined }) => {
    // 00000 is a mere notice; warnings have their own class
    if (notice.code !== '00000') warnings.push(notice.message ?? 'a warning without text');
  };
  client.on('notice', onNotice);
  try {
    const results = await client.query<never>({
      // one round trip; since PostgreSQL 13 the timeout is restarted for each statement
      text: 'SET LOCAL statement_timeout = 0; COMMIT',
      query_timeout: COMMIT_TIMEOUT_MS,
    } as { text: string });
    const command = lastCommand(results);
    // a transaction that had already failed is rolled back by COMMIT, without an error
    if (command !== 'COMMIT')
      throw new Error(`COMMIT was answered with ${command}: an error was swallowed before it`);
  } catch (error) {
    throw isDefinite(error)
      ? error
      : new CommitUnknownError('The outcome of COMMIT is unknown', { cause: error });
  } finally {
    client.off('notice', onNotice);
  }
  if (warnings.length > 0) throw new CommitUnknownError(`COMMIT came with a warning: ${warnings.join('; ')}`);
}

/** True when the connection can be reused. */
async function rollBack(client: ClientBase): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    // the caller gets the first error; a failed ROLLBACK only adds that the session is gone
    return false;
  }
}

/** The server said that nothing was committed. Classes 08 and 57 and 40003 leave it open. */
function isDefinite(error: unknown): boolean {
  if (isError(error) && error.message.startsWith('COMMIT was answered')) return true;
  const state = sqlState(error);
  return state !== undefined && state !== '40003' && !/^(08|57)/.test(state);
}

/** pg returns one result per statement of a multi-statement text, which its types do not reflect. */
function lastCommand(results: QueryResult | QueryResult[]): string | undefined {
  return Array.isArray(results) ? results.at(-1)?.command : results.command;
}
