import { ACK_TIMEOUT_MS, type Downstream, encodeUpstream, type Upstream } from '@securechat/protocol';
import { type Clock, rest, systemClock } from '../clock.ts';
import { StoreClosed, StoreFailed } from '../storage/errors.ts';
import type { Change, Store } from '../storage/store.ts';
import type { InboxConsumer, MailboxItem, Watermarks } from './consumer.ts';
import { type Cursor, putCursor, readCursor } from './cursor.ts';

export type InboxParts = {
  readonly store: Store;
  readonly consumer: InboxConsumer;
  /** Returns false without a connection. */
  send(frame: Uint8Array<ArrayBuffer>): boolean;
  /** The server was restored from a backup: what it had acknowledged or delivered may be gone, or come again. */
  restored?(): void;
  /** An item could not be processed: retried after a while, unless the store itself has failed. */
  trouble(error: unknown): void;
  readonly clock?: Clock;
};

type Work =
  | { do: 'take'; item: MailboxItem; epoch: number | undefined }
  | { do: 'pass'; through: number; epoch: number; isLast: boolean }
  | { do: 'restart'; epoch: number }
  | { do: 'mark'; marks: readonly Watermarks[] };

/** The server keeps at most 256 positions in flight; one that sends far more gets no buffer for it. */
const MAX_QUEUED = 1_024;
/** Well below the server's window, so that it never has to wait for an acknowledgement. */
const ACK_EVERY = 64;
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;

/**
 * This device's mailbox: every item takes effect once, in order, in the same write as the cursor after it, and is acknowledged
 * afterwards. Items are queued and processed one at a time.
 *
 * away    no connection
 * behind  pages are requested, pushes ignored. Requested again when idle and no page arrives for 5 s
 * live    the last page has arrived; each push must follow the one before, a gap leads back to behind
 */
export class Inbox {
  readonly #parts: InboxParts;
  readonly #clock: Clock;
  readonly #closing = new AbortController();
  #state: 'away' | 'behind' | 'live' = 'away';
  /** The durable position. */
  #cursor: Cursor;
  /** How far the durable and queued items reach without a gap. */
  #heard: Pick<Cursor, 'seq' | 'epoch'>;
  #acked = 0;
  #hasPage = false;
  #isTold = false;
  #isRunning = false;
  #failures = 0;
  #work: Work[] = [];
  #cancelTimer: (() => void) | undefined;

  private constructor(parts: InboxParts, cursor: Cursor) {
    this.#parts = parts;
    this.#clock = parts.clock ?? systemClock;
    this.#cursor = cursor;
    this.#heard = cursor;
  }

  static async open(parts: InboxParts): Promise<Inbox> {
    return new Inbox(parts, await readCursor(parts.store));
  }

  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** A new connection: queued items are sent again after the cursor. */
  connected(): void {
    this.#work = [];
    this.#heard = this.#cursor;
    this.#state = 'behind';
    this.#hasPage = false;
    this.#isTold = false;
    this.#ask();
  }

  disconnected(): void {
    this.#state = 'away';
    this.#cancelTimer?.();
  }

  /** Returns true when the message was for the mailbox. */
  receive(message: Downstream): boolean {
    switch (message.type) {
      case 'chat':
      case 'group_create':
      case 'group_member_add':
      case 'group_member_remove':
      case 'group_leave':
      case 'group_update':
      case 'group_commit':
      case 'history_truncated':
        this.#push(message);
        return true;
      case 'sync_page':
        this.#page(message);
        return true;
      case 'receipt':
        this.#add({ do: 'mark', marks: [message] });
        return true;
      default:
        return false;
    }
  }

  close(): void {
    this.#closing.abort();
    this.disconnected();
  }

  #push(item: MailboxItem): void {
    const { seq } = item.delivery;
    if (this.#state !== 'live' || seq <= this.#heard.seq) return;
    if (seq === this.#heard.seq + 1 && this.#work.length < MAX_QUEUED) {
      this.#heard = { ...this.#heard, seq };
      this.#add({ do: 'take', item, epoch: this.#heard.epoch });
      return;
    }
    this.#state = 'behind';
    if (this.#work.length < MAX_QUEUED) this.#ask();
  }

  #page({ items, through, more, mailbox_epoch: epoch, receipts }: Downstream<'sync_page'>): void {
    if (this.#state === 'away' || this.#work.length >= MAX_QUEUED) return;
    this.#hasPage = true;
    let { seq } = this.#heard;
    if (this.#heard.epoch !== undefined && this.#heard.epoch !== epoch) {
      // positions of an earlier mailbox epoch are not comparable with ours
      seq = 0;
      this.#add({ do: 'restart', epoch });
    }
    for (const item of items) {
      if (item.delivery.seq <= seq) continue;
      seq = item.delivery.seq;
      this.#add({ do: 'take', item, epoch });
    }
    // positions between the items have expired
    seq = Math.max(seq, through);
    this.#heard = { seq, epoch };
    if (receipts) this.#add({ do: 'mark', marks: receipts });
    this.#state = more ? 'behind' : 'live';
    this.#add({ do: 'pass', through: seq, epoch, isLast: !more });
  }

  #add(work: Work): void {
    this.#work.push(work);
    if (!this.#isRunning) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    this.#cancelTimer?.();
    while (!this.#closing.signal.aborted) {
      const [work] = this.#work;
      if (!work) break;
      try {
        await this.#perform(work);
        this.#failures = 0;
        // a new connection empties the queue
        if (this.#work[0] === work) this.#work.shift();
        if (this.#work.length === 0 || this.#cursor.seq - this.#acked >= ACK_EVERY) this.#acknowledge();
      } catch (error) {
        if (error instanceof StoreClosed || error instanceof StoreFailed) this.close();
        if (!(error instanceof StoreClosed)) this.#parts.trouble(error);
        await this.#pause();
      }
    }
    this.#isRunning = false;
    this.#watch();
  }

  async #perform(work: Work): Promise<void> {
    const { consumer, restored } = this.#parts;
    if (work.do === 'mark') await consumer.watermarks(work.marks.map(withoutType));
    else if (work.do === 'take') await this.#take(work.item, work.epoch);
    else if (work.do === 'restart') {
      await this.#moveTo({ seq: 0, epoch: work.epoch, seenMs: this.#cursor.seenMs }, []);
      restored?.();
    } else {
      const { through, epoch, isLast } = work;
      const isNews = through > this.#cursor.seq || epoch !== this.#cursor.epoch;
      if (isNews) await this.#moveTo({ seq: through, epoch, seenMs: this.#cursor.seenMs }, []);
      if (!isLast || this.#isTold) return;
      this.#isTold = true;
      consumer.caughtUp();
    }
  }

  async #take(item: MailboxItem, epoch: number | undefined): Promise<void> {
    const { seq, server_ts_ms: atMs } = item.delivery;
    if (seq <= this.#cursor.seq) return;
    const seenMs = Math.max(this.#cursor.seenMs, atMs);
    await this.#parts.consumer.take(item, (changes) => this.#moveTo({ seq, epoch, seenMs }, changes));
    if (this.#cursor.seq < seq) throw new Error('the consumer has not committed what it took');
  }

  async #moveTo(cursor: Cursor, changes: readonly Change[]): Promise<void> {
    await this.#parts.store.write([...changes, putCursor(cursor)]);
    this.#cursor = cursor;
  }

  /** Cumulative, and only for what is durable. */
  #acknowledge(): void {
    const { seq: through, epoch } = this.#cursor;
    const isOurs = this.#hasPage && this.#state !== 'away' && epoch === this.#heard.epoch;
    if (!isOurs || through <= this.#acked) return;
    if (this.#say('ack', { type: 'ack', through })) this.#acked = through;
  }

  #ask(): void {
    if (this.#hasPage) this.#say('sync', { type: 'sync', from: this.#heard.seq });
    else {
      const { seq: cursor, epoch, seenMs } = this.#cursor;
      this.#acked = cursor;
      const known = epoch === undefined ? {} : { mailbox_epoch: epoch };
      const since = seenMs === 0 ? {} : { receipts_since_ms: seenMs };
      this.#say('resume', { type: 'resume', cursor, ...known, ...since });
    }
    this.#watch();
  }

  #say<N extends 'ack' | 'sync' | 'resume'>(name: N, message: Upstream<N>): boolean {
    return this.#parts.send(encodeUpstream(name, message));
  }

  /** If idle and no page arrives, the page or its request was lost. */
  #watch(): void {
    this.#cancelTimer?.();
    if (this.#state !== 'behind' || this.#isRunning || this.#closing.signal.aborted) return;
    this.#cancelTimer = this.#clock.after(ACK_TIMEOUT_MS, () => this.#ask());
  }

  #pause(): Promise<void> {
    const ms = Math.min(PAUSE_MS * 2 ** this.#failures++, MAX_PAUSE_MS);
    return rest(this.#clock, ms, this.#closing.signal);
  }
}

function withoutType(mark: Watermarks): Watermarks {
  const { conversation_id, user_id, delivered_through, read_through } = mark;
  return { conversation_id, user_id, delivered_through, read_through };
}
