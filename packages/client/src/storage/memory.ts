import { StoreClosed, StoreInUse } from './errors.ts';
import { checkChanges, checkKey, rangeOf } from './keys.ts';
import type { Change, Entry, ListOptions, Store } from './store.ts';

/** What in-memory stores keep between openings. A copy is what a new process would find after a kill. */
export class MemoryDisk {
  readonly #values = new Map<string, Uint8Array<ArrayBuffer>>();
  /** Sorted. */
  readonly #keys: string[] = [];
  isOpen = false;

  copy(): MemoryDisk {
    const copy = new MemoryDisk();
    for (const key of this.#keys) copy.put(key, this.get(key) ?? new Uint8Array());
    return copy;
  }

  get(key: string): Uint8Array<ArrayBuffer> | undefined {
    return this.#values.get(key)?.slice();
  }

  put(key: string, value: Uint8Array): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#placeOf(key), 0, key);
    this.#values.set(key, new Uint8Array(value));
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#placeOf(key), 1);
  }

  keys(from: string, to: string): string[] {
    return this.#keys.slice(this.#placeOf(from), this.#placeOf(to));
  }

  clear(): void {
    this.#values.clear();
    this.#keys.length = 0;
  }

  /** The index of the key, or where to insert it. */
  #placeOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** A store that is lost with its process: for tests, and for devices that live no longer. */
export async function openMemoryStore(disk = new MemoryDisk()): Promise<Store> {
  if (disk.isOpen) throw new StoreInUse();
  disk.isOpen = true;
  return new MemoryStore(disk);
}

class MemoryStore implements Store {
  readonly #disk: MemoryDisk;
  #isClosed = false;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
  }

  async get(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    checkKey(key);
    return this.#open().get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Entry[]> {
    const { from, to, limit } = rangeOf(prefix, options);
    const disk = this.#open();
    const keys = disk.keys(from, to);
    if (options.reverse) keys.reverse();
    return keys.slice(0, limit).map((key) => [key, disk.get(key) ?? new Uint8Array()]);
  }

  async write(changes: readonly Change[]): Promise<void> {
    checkChanges(changes);
    const disk = this.#open();
    for (const change of changes) {
      if ('delete' in change) disk.delete(change.delete);
      else disk.put(change.put, change.value);
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#disk.isOpen = false;
  }

  async wipe(): Promise<void> {
    this.#open().clear();
    await this.close();
  }

  #open(): MemoryDisk {
    if (this.#isClosed) throw new StoreClosed();
    return this.#disk;
  }
}
