import { openPool } from '@securechat/kernel';
import type { Pool } from 'pg';

/** A person waits here, and a busy server may take a while. */
const CONNECT_MS = 30_000;

/** Postgres for a command; closed when it has done its work. */
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
