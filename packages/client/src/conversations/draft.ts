import { fromBytes, toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';

/**
 * The writes of one step. Reads see earlier puts; nothing reaches the store before `write`, and effects that need durability (memory,
 * events) run after it.
 */
export class Draft {
  readonly #store: Store;
  readonly #changes = new Map<string, Change>();
  readonly #afterwards: (() => void)[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const change = this.#changes.get(key);
    if (!change) return this.#store.get(key);
    return 'put' in change ? change.value : undefined;
  }

  async json<T>(key: string): Promise<T | undefined> {
    const bytes = await this.get(key);
    return bytes && fromBytes<T>(bytes);
  }

  put(key: string, value: Uint8Array): void {
    this.#changes.set(key, { put: key, value });
  }

  putJson(key: string, value: unknown): void {
    this.put(key, toBytes(value));
  }

  delete(key: string): void {
    this.#changes.set(key, { delete: key });
  }

  /** Adds changes prepared elsewhere. */
  add(changes: readonly Change[]): void {
    for (const change of changes) this.#changes.set('put' in change ? change.put : change.delete, change);
  }

  clear(): void {
    this.#changes.clear();
    this.#afterwards.length = 0;
  }

  after(run: () => void): void {
    this.#afterwards.push(run);
  }

  /** Writes on its own by default, or through `commit`, which adds the caller's changes to the same write. */
  async write(
    commit: (changes: readonly Change[]) => Promise<void> = (c) => this.#store.write(c),
  ): Promise<void> {
    await commit([...this.#changes.values()]);
    for (const run of this.#afterwards) run();
  }
}
