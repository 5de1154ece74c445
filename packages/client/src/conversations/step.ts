import type { GroupState } from '@securechat/crypto/e2ee';
import type { Change } from '../storage/store.ts';
import type { Draft } from './draft.ts';
import { type ConversationRecord, keysOf } from './record.ts';
import type { Registry } from './registry.ts';

/**
 * One change of one conversation: reads the record and keys, changes copies, and writes them all at once. Steps of a conversation run one
 * at a time, so no key is used twice.
 */
export class Step {
  readonly id: string;
  readonly draft: Draft;
  readonly #registry: Registry;
  readonly #states = new Map<string, GroupState | undefined>();
  #record: ConversationRecord | undefined;
  #isChanged = false;

  constructor(id: string, registry: Registry, draft: Draft) {
    this.id = id;
    this.draft = draft;
    this.#registry = registry;
    this.#record = registry.get(id);
  }

  /** Undefined for an unknown conversation. */
  get found(): ConversationRecord | undefined {
    return this.#record;
  }

  get record(): ConversationRecord {
    if (!this.#record) throw new Error('the conversation is not known');
    return this.#record;
  }

  set record(record: ConversationRecord) {
    this.#record = record;
    this.#isChanged = true;
  }

  change(fields: Partial<ConversationRecord>): void {
    this.record = { ...this.record, ...fields };
  }

  /** Keys of an epoch; undefined when they were deleted or never here. */
  async keys(generation: number, epoch: number): Promise<GroupState | undefined> {
    const key = keysOf.epoch(this.id, generation, epoch);
    return this.#states.has(key) ? this.#states.get(key) : this.#registry.state(key, this.draft);
  }

  setKeys(generation: number, epoch: number, state: GroupState | undefined): void {
    this.#set(keysOf.epoch(this.id, generation, epoch), state);
  }

  async pendingKeys(): Promise<GroupState | undefined> {
    return this.#registry.state(keysOf.pending(this.id), this.draft);
  }

  setPendingKeys(state: GroupState | undefined): void {
    this.#set(keysOf.pending(this.id), state);
  }

  #set(key: string, state: GroupState | undefined): void {
    this.#states.set(key, state);
    if (state) this.draft.put(key, state);
    else this.draft.delete(key);
  }

  /** Drops all changes so far. */
  discard(): void {
    this.draft.clear();
    this.#states.clear();
    this.#record = this.#registry.get(this.id);
    this.#isChanged = false;
  }

  async write(commit?: (changes: readonly Change[]) => Promise<void>): Promise<void> {
    const record = this.#isChanged ? this.record : undefined;
    if (record) this.draft.putJson(keysOf.record(this.id), record);
    await this.draft.write(async (changes) => {
      await (commit ? commit(changes) : this.#registry.store.write(changes));
      // published before the effects that waited for the write, which may read the registry
      this.#registry.publish(record, this.#states);
    });
  }
}
