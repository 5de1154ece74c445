import { closeSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { StoreClosed, StoreFailed, StoreFull, StoreInUse } from '../storage/errors.ts';
import { checkChanges, checkKey, rangeOf } from '../storage/keys.ts';
import type { Change, Entry, ListOptions, Store } from '../storage/store.ts';

/** SQLite result codes, the low byte of `errcode`. */
const SQLITE_BUSY = 5;
const SQLITE_FULL = 13;

/** Only the owner may read keys and messages. */
const OWNER_ONLY = 0o600;

/** Version of the file's layout; a newer one is refused. */
const LAYOUT = 1;

/**
 * EXCLUSIVE: held by the operating system while the file is open, so released with the process. FULL and fullfsync (macOS): a commit
 * counts only when it has reached the medium. secure_delete: overwrites deleted data in the file's pages.
 */
const SETTINGS = `
  PRAGMA locking_mode = EXCLUSIVE;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA fullfsync = ON;
  PRAGMA secure_delete = ON;
`;

const TABLE = `
  CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
  PRAGMA user_version = ${LAYOUT};
`;

/**
 * A store in one SQLite file; its folder must exist. `path-wal` lies beside it while it is open or after a kill, and belongs to it.
 * Rejects with `StoreInUse` while it is open elsewhere.
 */
export async function openSqliteStore(path: string): Promise<Store> {
  try {
    closeSync(openSync(path, 'a', OWNER_ONLY));
  } catch (cause) {
    throw new StoreFailed(`the store ${path} cannot be opened`, { cause });
  }
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec(SETTINGS);
    const layout = database.prepare('PRAGMA user_version').get()?.user_version;
    if (Number(layout) > LAYOUT) throw new StoreFailed('the store was written by a later version');
    database.exec(`BEGIN IMMEDIATE; ${TABLE} COMMIT`);
    return new SqliteStore(path, database);
  } catch (error) {
    database.close();
    throw readable(error);
  }
}

class SqliteStore implements Store {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepare>;
  /** Why the store is no longer usable. */
  #end: Error | undefined;

  constructor(path: string, database: DatabaseSync) {
    this.#path = path;
    this.#database = database;
    this.#statements = prepare(database);
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkKey(key);
    return this.#run(() => this.#statements.get.get(key)?.value as Uint8Array<ArrayBuffer> | undefined);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Entry[]> {
    const { from, to, limit = NO_LIMIT } = rangeOf(prefix, options);
    const { forward, backward } = this.#statements;
    const rows = this.#run(() => (options.reverse ? backward : forward).all(from, to, limit));
    return rows.map(({ key, value }) => [key as string, value as Uint8Array<ArrayBuffer>]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    checkChanges(changes);
    this.#run(() => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        for (const change of changes) {
          if ('delete' in change) this.#statements.delete.run(change.delete);
          else this.#statements.put.run(change.put, change.value);
        }
        this.#database.exec('COMMIT');
      } catch (error) {
        if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  async close(): Promise<void> {
    if (this.#database.isOpen) this.#database.close();
    this.#end ??= new StoreClosed();
  }

  async wipe(): Promise<void> {
    // while still locked, so that nobody opens what is about to be deleted
    this.#run(() => this.#database.exec('DELETE FROM entries'));
    await this.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.#path + suffix, { force: true });
  }

  /** A failure of the medium leaves the outcome unknown: the store is not used any further. */
  #run<T>(action: () => T): T {
    if (this.#end) throw this.#end;
    try {
      return action();
    } catch (cause) {
      const error = readable(cause);
      if (error instanceof StoreFailed) this.#end = error;
      throw error;
    }
  }
}

/** SQLite's value for it. */
const NO_LIMIT = -1;

function prepare(
  database: DatabaseSync,
): Record<'get' | 'put' | 'delete' | 'forward' | 'backward', StatementSync> {
  const range = 'SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key';
  return {
    get: database.prepare('SELECT value FROM entries WHERE key = ?'),
    put: database.prepare(
      'INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    ),
    delete: database.prepare('DELETE FROM entries WHERE key = ?'),
    forward: database.prepare(`${range} LIMIT ?`),
    backward: database.prepare(`${range} DESC LIMIT ?`),
  };
}

function readable(error: unknown): unknown {
  const { errcode, message } = error as { errcode?: number; message: string };
  if (errcode === undefined) return error;
  switch (errcode & 0xff) {
    case SQLITE_BUSY:
      return new StoreInUse();
    case SQLITE_FULL:
      return new StoreFull({ cause: error });
    default:
      return new StoreFailed(message, { cause: error });
  }
}
