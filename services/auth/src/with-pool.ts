import { openPool } from '@securechat/kernel';
import type { Pool } from 'pg';

/** A person is waiting, and a busy server may be slow. */
const CONNECT_MS = 30_000;

/** Postgres for one command; closed when it is done. */
export async function withPool<T>(
  command: string,
  url: string,
  work: (pool: Pool) => Promise<T>,
  limits: { statementTimeoutMs?: number } = {},
): Promise<T> {
  const pool = openPool(url, { applicationName: command, max: 1, connectTimeoutMs: CONNECT_MS, ...limits });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
