import { StoreClosed, StoreFailed, StoreFull } from './errors.ts';
import { checkChanges, checkKey, rangeOf } from './keys.ts';
import type { Change, Entry, ListOptions, Store } from './store.ts';
import { takeWebLock } from './web-lock.ts';

const ENTRIES = 'entries';
/** Version of the database's layout; the browser refuses to open a newer one. */
const LAYOUT = 1;
/** Nothing here takes a second on a healthy disk; a browser silent for this long will not answer any more. */
const DEADLINE_MS = 30_000;

/**
 * A store in the IndexedDB database `securechat:NAME` of this origin. One tab or worker can have it open; others get `StoreInUse`. The
 * browser may delete it when the disk is full, unless the page was granted `navigator.storage.persist()`.
 */
export async function openIndexedDbStore(name: string): Promise<Store> {
  const unlock = await takeWebLock(`securechat:${name}`);
  try {
    return new IndexedDbStore(await openDatabase(name), unlock);
  } catch (error) {
    await unlock();
    throw error;
  }
}

class IndexedDbStore implements Store {
  readonly #database: IDBDatabase;
  readonly #unlock: () => Promise<void>;
  /** Why the store is no longer usable. */
  #end: Error | undefined;
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(database: IDBDatabase, unlock: () => Promise<void>) {
    this.#database = database;
    this.#unlock = unlock;
    database.onclose = () => {
      this.#end ??= new StoreFailed('the browser has closed its database');
    };
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkKey(key);
    return this.#run('readonly', (entries) =>
      resultOf<Uint8Array<ArrayBuffer> | undefined>(entries.get(key)),
    );
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Entry[]> {
    const { from, to, limit } = rangeOf(prefix, options);
    // browsers throw for such a range
    if (from >= to) return this.#run('readonly', async () => []);
    const range = IDBKeyRange.bound(from, to, false, true);
    if (options.reverse) return this.#run('readonly', (entries) => readBackwards(entries, range, limit));
    return this.#run('readonly', async (entries) => {
      const [keys, values] = await Promise.all([
        resultOf(entries.getAllKeys(range, limit)),
        resultOf<Uint8Array<ArrayBuffer>[]>(entries.getAll(range, limit)),
      ]);
      return values.map((value, index): Entry => [keys[index] as string, value]);
    });
  }

  async write(changes: readonly Change[]): Promise<void> {
    checkChanges(changes);
    await this.#run('readwrite', async (entries) => {
      for (const change of changes) {
        if ('delete' in change) entries.delete(change.delete);
        // storing a view would store its whole buffer
        else entries.put(change.value.slice(), change.put);
      }
    });
  }

  async close(): Promise<void> {
    const isFirst = !(this.#end instanceof StoreClosed);
    this.#end = new StoreClosed();
    if (!isFirst) return;
    await Promise.allSettled(this.#underWay);
    this.#database.close();
    await this.#unlock();
  }

  async wipe(): Promise<void> {
    if (this.#end) throw this.#end;
    this.#end = new StoreClosed();
    await Promise.allSettled(this.#underWay);
    this.#database.close();
    try {
      await within(resultOf(indexedDB.deleteDatabase(this.#database.name)));
    } finally {
      await this.#unlock();
    }
  }

  /** One transaction; resolves when it is complete, that is, durable. */
  #run<T>(mode: IDBTransactionMode, action: (entries: IDBObjectStore) => Promise<T>): Promise<T> {
    if (this.#end) throw this.#end;
    const transaction = this.#database.transaction(ENTRIES, mode, { durability: 'strict' });
    const outcome = action(transaction.objectStore(ENTRIES));
    const done = within(Promise.all([outcome, completionOf(transaction)]))
      .then(([result]) => result)
      .catch((error: Error) => {
        if (error instanceof StoreFailed) this.#end ??= error;
        throw error;
      });
    this.#underWay.add(done);
    const forget = (): void => void this.#underWay.delete(done);
    done.then(forget, forget);
    return done;
  }
}

function openDatabase(name: string): Promise<IDBDatabase> {
  const request = indexedDB.open(`securechat:${name}`, LAYOUT);
  request.onupgradeneeded = () => void request.result.createObjectStore(ENTRIES);
  return within(resultOf(request));
}

function readBackwards(entries: IDBObjectStore, range: IDBKeyRange, limit = Infinity): Promise<Entry[]> {
  const found: Entry[] = [];
  const request = entries.openCursor(range, 'prev');
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(readable(request.error));
    request.onsuccess = () => {
      const cursor = request.result;
      if (cursor) found.push([cursor.key as string, cursor.value as Uint8Array<ArrayBuffer>]);
      if (!cursor || found.length >= limit) resolve(found);
      else cursor.continue();
    };
  });
}

function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(readable(request.error));
  });
}

function completionOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(readable(transaction.error));
  });
}

function readable(cause: DOMException | null): Error {
  if (cause?.name === 'QuotaExceededError') return new StoreFull({ cause });
  return new StoreFailed(cause?.message ?? 'the browser has given up on its database', { cause });
}

/** Limits waiting for the browser; afterwards the outcome is unknown. */
async function within<T>(outcome: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    const error = new StoreFailed(`the browser's database gave no answer within ${DEADLINE_MS / 1000} s`);
    timer = setTimeout(() => reject(error), DEADLINE_MS);
  });
  try {
    return await Promise.race([outcome, deadline]);
  } finally {
    clearTimeout(timer);
  }
}
