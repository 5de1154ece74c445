import { ACK_TIMEOUT_MS, type Downstream, type ErrorName, errors } from '@securechat/protocol';
import type { Clock } from '../clock.ts';
import { StoreClosed, StoreFailed } from '../storage/errors.ts';
import { toBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';
import { deleteEntry, type Entry, type Form, putEntry, readOne } from './entry.ts';
import { Holds } from './holds.ts';
import { isLater, isSamePlace } from './key-place.ts';
import type { Pace } from './pace.ts';
import { isOperation, type LaneQueue } from './queue.ts';
import type { OutboxSealer, SealedForm } from './sealer.ts';

export type LaneParts = {
  readonly store: Store;
  readonly sealer: OutboxSealer;
  readonly clock: Clock;
  readonly pace: Pace;
  readonly signal: AbortSignal;
  send(frame: Uint8Array<ArrayBuffer>): boolean;
  /** From 0 to below 1. */
  random(): number;
  nextOrder(): number;
  changed(): void;
  /** A step failed; it is retried after a while, or never after a failure of the store. */
  trouble(error: unknown): void;
};

/** The keys have moved on while older messages are in flight, or have not caught up with the server. */
class FormNotWanted extends Error {
  override readonly name = 'FormNotWanted';
}

export const laneKey = (conversationId: string): string => `outbox-lane/${conversationId}`;

/**
 * Sends what waits in one conversation. Its inputs (answers, connections, time) are processed one at a time, and only when none is
 * left is the next item sealed or sent. Everything is written before it has an effect outside.
 *
 * resting   the sealer said `wait`: sealed items are sent, but nothing more is sealed until a wake or an answer
 * paused    a step failed, or the server or the sealer named a delay
 */
export class Lane {
  readonly queue: LaneQueue;
  readonly #parts: LaneParts;
  readonly #conversationId: string;
  readonly #holds: Holds;
  /** Enqueued, but not known to be written. */
  readonly #announced = new Set<number>();
  readonly #inputs: (() => unknown)[] = [];
  #isRunning = false;
  #isOnline = false;
  #isResting = false;
  #isStopped = false;
  #wakes = 0;
  #cancelTimer: (() => void) | undefined;

  constructor(conversationId: string, queue: LaneQueue, parts: LaneParts) {
    this.#conversationId = conversationId;
    this.queue = queue;
    this.#parts = parts;
    this.#holds = new Holds(parts.clock, parts.random, parts.pace);
  }

  announce(order: number): void {
    this.#announced.add(order);
  }

  wake(): void {
    this.#wakes++;
    this.#take(async () => {
      this.#isResting = false;
      this.#holds.resume();
      for (const order of this.#announced) {
        const entry = await readOne(this.#parts.store, this.#conversationId, order);
        if (!entry || !this.#announced.delete(order)) continue;
        this.queue.add(entry);
        this.#parts.changed();
      }
    });
  }

  setOnline(isOnline: boolean): void {
    this.#take(() => {
      this.queue.disconnected();
      this.#isOnline = isOnline;
    });
  }

  acknowledged(ack: Downstream<'ack'>): void {
    this.#take(() => this.#onAck(ack));
  }

  refused(error: Downstream<'error'>): void {
    this.#take(() => this.#onError(error));
  }

  forgetStored(): void {
    this.#take(() => this.queue.forgetStored());
  }

  /** Settles an item by other means than the server's answer; not queued behind the lane's current work, which may be waiting for the caller. */
  async settle(id: string, changes: readonly Change[]): Promise<void> {
    const entry = this.queue.find(id);
    if (!entry) return this.#parts.store.write(changes);
    await this.#end(entry, changes);
    this.#take(() => {
      this.#isResting = false;
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  #take(input: () => unknown): void {
    this.#inputs.push(input);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    while (!this.#isStopped) {
      try {
        const input = this.#inputs.shift();
        if (input) await input();
        else if (!(await this.#step()) && this.#inputs.length === 0) break;
      } catch (error) {
        this.#failed(error);
      }
    }
    this.#isRunning = false;
    if (!this.#isStopped) this.#setTimer();
  }

  /** Seals or sends one item. Returns false when there is nothing to do now. */
  async #step(): Promise<boolean> {
    if (!this.#isOnline) return false;
    const step = this.queue.next({ maySeal: !this.#isResting });
    if (!step || this.#holds.waitMs(step.entry) > 0) return false;
    if (step.do === 'seal') await this.#seal(step.entry, step.clientSeq);
    else this.#send(step.entry);
    this.#holds.succeeded();
    return true;
  }

  #send(entry: Entry): void {
    const { clock, pace, send, sealer } = this.#parts;
    if (!entry.form || !send(entry.form.frame)) {
      this.#isOnline = false;
      this.queue.disconnected();
      return;
    }
    const isFirstTime = !entry.isKnownSent;
    this.queue.sent(entry, clock.monotonicMs());
    if (!isOperation(entry)) pace.sent(clock.monotonicMs());
    if (isFirstTime) sealer.transmitted(entry.item);
  }

  async #seal(entry: Entry, clientSeq: number): Promise<void> {
    const { store, sealer, signal } = this.#parts;
    const wakes = this.#wakes;
    let isDone = false;
    const commit = async (changes: readonly Change[], sealed: SealedForm | undefined): Promise<void> => {
      if (!this.queue.entries.includes(entry) || (sealed && !this.#isWanted(entry, sealed))) {
        throw new FormNotWanted();
      }
      if (sealed) {
        const form = { ...sealed, clientSeq };
        entry.sealedAs ||= this.#parts.nextOrder();
        await store.write([...changes, ...putEntry(entry, form)]);
        this.queue.sealed(entry, form);
      } else await this.#end(entry, changes);
      isDone = true;
    };
    const because = entry.because ? { because: entry.because } : {};
    try {
      const outcome = await sealer.seal(entry.item, { clientSeq, ...because, signal }, commit);
      if (outcome === 'wait') this.#isResting = wakes === this.#wakes;
      else if (typeof outcome === 'object') this.#holds.notBefore(entry, outcome.waitMs);
      else if (!isDone) throw new Error('the sealer has not committed what it made');
    } catch (error) {
      if (!(error instanceof FormNotWanted)) throw error;
      this.#isResting = wakes === this.#wakes;
    }
  }

  /** Receivers open messages in sealing order: none with newer keys is sent before older ones are answered. */
  #isWanted(entry: Entry, sealed: SealedForm): boolean {
    const ahead = isOperation(entry) ? undefined : this.queue.placeUnderWay(entry);
    if (ahead && !isSamePlace(ahead, sealed)) return false;
    const { error_code, epoch, generation = 0 } = entry.because ?? {};
    if (epoch === undefined) return true;
    const named = { generation, epoch };
    const isDue = error_code === 'COMMIT_REQUIRED' && !isOperation(entry);
    return isDue ? isLater(sealed, named) : !isLater(named, sealed);
  }

  async #onAck(ack: Downstream<'ack'>): Promise<void> {
    const entry = this.queue.find(ack.ref);
    // an honest server acknowledges nothing that was never sent
    if (!entry?.form) return;
    await this.#settled(entry, (commit) => this.#parts.sealer.stored(entry.item, ack, commit));
  }

  async #onError(error: Downstream<'error'>): Promise<void> {
    const entry = error.reference_id === undefined ? undefined : this.queue.find(error.reference_id);
    if (!entry?.form) return;
    const retry = retryOf(error);
    if (retry === 'later') {
      this.queue.postponed(entry);
      this.#holds.postpone(entry, error);
    } else if (retry === 'reseal') {
      if (!this.queue.mayReseal(entry, error)) return;
      this.#isResting = false;
      this.#holds.refusedForm(entry);
    } else
      await this.#settled(entry, (commit) => this.#parts.sealer.refused(entry.item, error, commit), false);
  }

  async #settled(
    entry: Entry,
    decide: (commit: (changes: readonly Change[]) => Promise<void>) => Promise<void>,
    isStored = true,
  ): Promise<void> {
    this.#isResting = false;
    try {
      await decide((changes) => this.#end(entry, changes, isStored ? entry.form : undefined));
    } finally {
      // it could not be written: ask for the same answer again
      entry.sentAtMs = undefined;
    }
  }

  async #end(entry: Entry, changes: readonly Change[], stored?: Form): Promise<void> {
    const lastStored = Math.max(this.queue.lastStored, stored?.clientSeq ?? 0);
    const lane: Change = { put: laneKey(this.#conversationId), value: toBytes({ lastStored }) };
    await this.#parts.store.write([...changes, ...deleteEntry(entry), lane]);
    this.queue.lastStored = lastStored;
    this.queue.remove(entry);
    this.#parts.changed();
  }

  #failed(error: unknown): void {
    if (error instanceof StoreClosed || error instanceof StoreFailed) this.stop();
    if (!(error instanceof StoreClosed)) this.#parts.trouble(error);
    this.#holds.failed();
  }

  /** One timer, for the first overdue answer and for delays. */
  #setTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (!this.#isOnline) return;
    const nowMs = this.#parts.clock.monotonicMs();
    const oldestMs = this.queue.oldestSentAtMs();
    const overdueMs = oldestMs === undefined ? [] : [oldestMs + ACK_TIMEOUT_MS - nowMs];
    const step = this.queue.next({ maySeal: !this.#isResting });
    const waitMs = step ? [this.#holds.waitMs(step.entry)] : [];
    const ms = Math.min(...overdueMs, ...waitMs);
    if (ms === Infinity) return;
    this.#cancelTimer = this.#parts.clock.after(Math.max(ms, 0), () => {
      this.#take(() => this.queue.timedOut(this.#parts.clock.monotonicMs() - ACK_TIMEOUT_MS));
    });
  }
}

/** For errors newer than this client, the number says whether a retry can help. */
function retryOf({ error_code, code }: Downstream<'error'>): 'no' | 'later' | 'reseal' | 'login' {
  return errors[error_code as ErrorName]?.retry ?? (code >= 2000 ? 'later' : 'no');
}
