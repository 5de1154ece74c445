import type { Downstream } from '@securechat/protocol';
import { type Clock, systemClock } from '../clock.ts';
import { fromBytes } from '../storage/json.ts';
import type { Change, Store } from '../storage/store.ts';
import { newEntry, putEntry, readEntries } from './entry.ts';
import { OutboxFull } from './errors.ts';
import { Lane, type LaneParts, laneKey } from './lane.ts';
import { Pace } from './pace.ts';
import { LaneQueue } from './queue.ts';
import type { OutboxItem, OutboxLanes, OutboxSealer } from './sealer.ts';

export type OutboxParts = {
  readonly store: Store;
  readonly sealer: OutboxSealer;
  /** Returns false without a connection. */
  send(frame: Uint8Array<ArrayBuffer>): boolean;
  /** The number of waiting items changed. */
  changed?(waiting: number): void;
  /** A step failed: it is retried, unless the store itself has failed. */
  trouble(error: unknown): void;
  readonly clock?: Clock;
  readonly random?: () => number;
};

/** More than a device writes during a long time offline. */
const MAX_WAITING = 10_000;

/**
 * What this device still has to send, across restarts. Conversations do not wait for each other. An item leaves the outbox only with the
 * server's definitive answer; until then the same bytes are repeated, unless the server asks for others.
 */
export class Outbox implements OutboxLanes {
  readonly #parts: OutboxParts;
  readonly #lanes = new Map<string, Lane>();
  readonly #pace = new Pace();
  readonly #closing = new AbortController();
  #nextOrder = 1;
  #isOnline = false;

  private constructor(parts: OutboxParts) {
    this.#parts = parts;
  }

  static async open(parts: OutboxParts): Promise<Outbox> {
    const outbox = new Outbox(parts);
    for (const [key, value] of await parts.store.list(laneKey(''))) {
      const lane = outbox.#laneOf(key.slice(laneKey('').length));
      lane.queue.lastStored = fromBytes<{ lastStored: number }>(value).lastStored;
    }
    for (const entry of await readEntries(parts.store)) {
      outbox.#laneOf(entry.item.conversationId).queue.add(entry);
      outbox.#nextOrder = Math.max(outbox.#nextOrder, entry.order + 1, entry.sealedAs + 1);
    }
    return outbox;
  }

  /** Starts sending. Call it once the mailbox is read: anything sealed earlier is likely to use outdated keys. */
  connected(limits: Readonly<Record<string, number>> = {}): void {
    this.#isOnline = true;
    this.#pace.perMinute = limits.messages_per_minute;
    for (const lane of this.#lanes.values()) lane.setOnline(true);
  }

  disconnected(): void {
    this.#isOnline = false;
    for (const lane of this.#lanes.values()) lane.setOnline(false);
  }

  /** Returns true when the message was about an item in here. */
  receive(message: Downstream): boolean {
    if (message.type !== 'ack' && message.type !== 'error') return false;
    const id = message.type === 'ack' ? message.ref : message.reference_id;
    if (id === undefined) return false;
    for (const lane of this.#lanes.values()) {
      if (!lane.queue.find(id)) continue;
      if (message.type === 'ack') lane.acknowledged(message);
      else lane.refused(message);
      return true;
    }
    return false;
  }

  /** The server was restored from a backup, and may have lost what it had acknowledged. */
  serverRestored(): void {
    for (const lane of this.#lanes.values()) lane.forgetStored();
  }

  enqueue(item: OutboxItem, options: { first?: boolean } = {}): readonly Change[] {
    if (this.waiting() >= MAX_WAITING) throw new OutboxFull();
    const entry = newEntry(item, this.#nextOrder++, options.first ?? false);
    this.#laneOf(item.conversationId).announce(entry.order);
    return putEntry(entry);
  }

  wake(conversationId: string): void {
    this.#laneOf(conversationId).wake();
  }

  waiting(conversationId?: string): number {
    const lanes = conversationId === undefined ? [...this.#lanes.values()] : [this.#laneOf(conversationId)];
    return lanes.reduce((sum, { queue }) => sum + queue.entries.length, 0);
  }

  settle(itemId: string, conversationId: string, changes: readonly Change[]): Promise<void> {
    return this.#laneOf(conversationId).settle(itemId, changes);
  }

  /** Stops sealing and sending. */
  close(): void {
    this.#closing.abort();
    for (const lane of this.#lanes.values()) lane.stop();
  }

  #laneOf(conversationId: string): Lane {
    const known = this.#lanes.get(conversationId);
    if (known) return known;
    const lane = new Lane(conversationId, new LaneQueue(), this.#laneParts());
    if (this.#isOnline) lane.setOnline(true);
    if (this.#closing.signal.aborted) lane.stop();
    this.#lanes.set(conversationId, lane);
    return lane;
  }

  #laneParts(): LaneParts {
    const { store, sealer, trouble, clock = systemClock, random = Math.random } = this.#parts;
    return {
      ...{ store, sealer, trouble, clock, random, pace: this.#pace, signal: this.#closing.signal },
      send: (frame) => this.#parts.send(frame),
      nextOrder: () => this.#nextOrder++,
      changed: () => this.#parts.changed?.(this.waiting()),
    };
  }
}
