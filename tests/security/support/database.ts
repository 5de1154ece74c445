import { createRequire } from 'node:module';
import { join } from 'node:path';
import { openTestRedis, ROOT, type TestRedis, until } from '@securechat/testkit';
import type { Pool } from 'pg';
import type { Stores } from '../../support/stores.ts';

/** The testkit's driver: looking into Postgres is its business, and these tests add no dependency of their own. */
const pg = createRequire(join(ROOT, 'packages/testkit/package.json'))('pg') as typeof import('pg');

/** Rows and checksum by table. */
export type Fingerprint = Readonly<Record<string, string>>;

/** How far the streams were read, and by whom: changes by itself. */
const BOOKKEEPING = ['stream_cursors', 'stream_workers'];

/** What the services have written down, seen from outside of them. */
export class Database {
  readonly #pool: Pool;
  readonly #redis: TestRedis;

  private constructor(pool: Pool, redis: TestRedis) {
    this.#pool = pool;
    this.#redis = redis;
  }

  /** For stores on the shared servers. */
  static async open(stores: Stores): Promise<Database> {
    const pool = new pg.Pool({ connectionString: stores.postgresUrl, max: 4 });
    return new Database(pool, await openTestRedis());
  }

  /** Of every table of the services but their bookkeeping. Two are equal when nothing was written in between. */
  async fingerprint(): Promise<Fingerprint> {
    const tables = await this.#pool.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname IN ('auth', 'delivery') AND c.relkind = 'r' AND c.relname <> ALL($1)
        ORDER BY 1`,
      [BOOKKEEPING],
    );
    const parts = tables.rows.map(
      ({ name }) =>
        `SELECT '${name}' AS name, count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS print FROM ${name} t`,
    );
    const prints = await this.#pool.query<{ name: string; print: string }>(parts.join(' UNION ALL '));
    return Object.fromEntries(prints.rows.map(({ name, print }) => [name, print]));
  }

  /** Id of the newest entry of each ordered stream. */
  async newestEntries(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await this.#pool.query<{ stream: string }>('SELECT stream FROM delivery.stream_cursors');
    const newest = new Map<string, string>();
    for (const { stream } of rows) {
      const [entry] = await this.#redis.redis.xrevrange(stream, '+', '-', 'COUNT', 1);
      if (entry) newest.set(stream, entry[0]);
    }
    return newest;
  }

  /** Everything that stands in the ordered streams has been dealt with. */
  async settled(): Promise<void> {
    await until('delivery has dealt with all entries', async () => {
      const newest = await this.newestEntries();
      const { rows } = await this.#pool.query<{ stream: string; last_id: string }>(
        'SELECT stream, last_id FROM delivery.stream_cursors',
      );
      const readTo = new Map(rows.map((row) => [row.stream, row.last_id]));
      return [...newest].every(([stream, id]) => readTo.get(stream) === id);
    });
  }

  /** One number, for tests that look at one thing. */
  async count(from: string, values: unknown[] = []): Promise<number> {
    const { rows } = await this.#pool.query<{ n: string }>(`SELECT count(*) AS n FROM ${from}`, values);
    return Number(rows[0]?.n);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.end(), this.#redis.close()]);
  }
}
