import type { GroupState } from '@securechat/crypto/e2ee';
import { fromBytes } from '../storage/json.ts';
import type { Store } from '../storage/store.ts';
import { Draft } from './draft.ts';
import type { ConversationRecord } from './record.ts';
import { Step } from './step.ts';

/** Groups whose keys stay in memory: decoding a state costs more than using it. */
const MAX_STATES = 200;

/** All conversations of this device, in memory. Changed only in steps, one at a time per conversation. */
export class Registry {
  readonly store: Store;
  readonly #records = new Map<string, ConversationRecord>();
  readonly #states = new Map<string, GroupState>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #onChange: (record: ConversationRecord, before: ConversationRecord | undefined) => void;

  constructor(
    store: Store,
    onChange: (record: ConversationRecord, before: ConversationRecord | undefined) => void,
  ) {
    this.store = store;
    this.#onChange = onChange;
  }

  async load(): Promise<void> {
    for (const [, bytes] of await this.store.list('conversation/')) {
      const record = fromBytes<ConversationRecord>(bytes);
      this.#records.set(record.id, record);
    }
  }

  get(id: string): ConversationRecord | undefined {
    return this.#records.get(id);
  }

  all(): ConversationRecord[] {
    return [...this.#records.values()];
  }

  /** Runs once all earlier steps on this conversation have ended. A step that throws before writing changes nothing. */
  step<T>(id: string, run: (step: Step) => Promise<T>): Promise<T> {
    const before = this.#turns.get(id) ?? Promise.resolve();
    const turn = before.catch(() => undefined).then(() => run(new Step(id, this, new Draft(this.store))));
    const settled = turn.catch(() => undefined);
    this.#turns.set(id, settled);
    void settled.then(() => {
      if (this.#turns.get(id) === settled) this.#turns.delete(id);
    });
    return turn;
  }

  async state(key: string, draft: Draft): Promise<GroupState | undefined> {
    const known = this.#states.get(key);
    if (known) return known;
    const bytes = (await draft.get(key)) as GroupState | undefined;
    if (bytes) this.#remember(key, bytes);
    return bytes;
  }

  /** Publishes what a step has written. */
  publish(record: ConversationRecord | undefined, states: ReadonlyMap<string, GroupState | undefined>): void {
    for (const [key, state] of states) {
      if (state) this.#remember(key, state);
      else this.#states.delete(key);
    }
    if (!record) return;
    const before = this.#records.get(record.id);
    this.#records.set(record.id, record);
    this.#onChange(record, before);
  }

  /** Resolves when all running steps have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns.values());
  }

  #remember(key: string, state: GroupState): void {
    this.#states.delete(key);
    this.#states.set(key, state);
    const oldest = this.#states.keys().next();
    if (this.#states.size > MAX_STATES && !oldest.done) this.#states.delete(oldest.value);
  }
}
