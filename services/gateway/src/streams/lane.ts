import { readFileSync } from 'node:fs';
import { loadScript, type RedisClient } from '@securechat/kernel';
import { ENTRY_FIELD, type Packed, packEntry } from '@securechat/protocol/internal';
import type { Departures } from './departures.ts';

export const guardedAdd = loadScript<string | null>(
  'guarded-add',
  readFileSync(new URL('./guarded-add.lua', import.meta.url), 'utf8'),
  1,
);

/** Records per entry, so that neither an entry nor a delivery batch grows too large. */
const MAX_RECORDS = 256;
const MAX_BYTES = 256 * 1024;

export type LaneEvents = {
  /** The record has left this process, accepted or not. */
  onDone?: () => void;
  /** It was not, or may not have been, accepted: Redis is down or the stream is full. */
  onRefused?: () => void;
};

type Waiting<Head> = { record: Packed<Head>; events: LaneEvents };

/**
 * Writes records to one stream, in order, with one entry in flight. What arrives meanwhile, and until the next
 * departure, shares the next entry: idle lanes send at once, busy ones batch by themselves.
 */
export class Lane<Head> {
  readonly #redis: RedisClient;
  readonly #stream: string;
  readonly #maxEntries: number;
  readonly #departures: Departures;
  #waiting: Waiting<Head>[] = [];
  #isBusy = false;

  constructor(redis: RedisClient, options: { stream: string; maxEntries: number; departures: Departures }) {
    this.#redis = redis;
    this.#stream = options.stream;
    this.#maxEntries = options.maxEntries;
    this.#departures = options.departures;
  }

  add(record: Packed<Head>, events: LaneEvents = {}): void {
    this.#waiting.push({ record, events });
    if (this.#isBusy) return;
    this.#isBusy = true;
    this.#departures.add(() => void this.#depart());
  }

  get isIdle(): boolean {
    return !this.#isBusy;
  }

  async #depart(): Promise<void> {
    const { entry, left } = this.#pack();
    const wasTaken = await this.#write(entry);
    for (const events of left) {
      events.onDone?.();
      if (!wasTaken) events.onRefused?.();
    }
    this.#isBusy = this.#waiting.length > 0;
    if (this.#isBusy) this.#departures.add(() => void this.#depart());
  }

  /** Separate from the code that awaits Redis, whose closure must not retain what the records were made of. */
  #pack(): { entry: Buffer; left: LaneEvents[] } {
    const batch = this.#take();
    const entry = Buffer.from(packEntry(batch.map(({ record }) => record)).buffer);
    return { entry, left: batch.map(({ events }) => events) };
  }

  #take(): Waiting<Head>[] {
    let bytes = 0;
    let count = 0;
    for (const { record } of this.#waiting) {
      bytes += record.body.length;
      if (count > 0 && (count === MAX_RECORDS || bytes > MAX_BYTES)) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(entry: Buffer): Promise<boolean> {
    try {
      return (
        (await guardedAdd.run(this.#redis, [this.#stream], [this.#maxEntries, ENTRY_FIELD, entry])) !== null
      );
    } catch {
      // Whether it arrived is unknown; senders retry, and delivery recognises repeated ids.
      return false;
    }
  }
}
