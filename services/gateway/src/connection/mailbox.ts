import { SYNC_PAGE_ITEMS, UNACKED_WINDOW } from '@securechat/protocol';
import type { StoredType, SyncPageHead } from '@securechat/protocol/internal';
import { pageFrame } from './mailbox-frames.ts';

/** The next page is requested when less than this is buffered in the socket. */
const LOW_WATER_BYTES = 64 * 1024;
/** Pushes stop when more than this is buffered: the rest stays in Postgres and is sent as pages. */
const HIGH_WATER_BYTES = 256 * 1024;
/**
 * Pushes from two delivery processes may arrive out of order; up to this many are held this long before a page is
 * requested.
 */
const MAX_HELD = 64;
const HELD_MS = 50;

export type PageQuestion = {
  from: number;
  ack: boolean;
  mailboxEpoch?: number | undefined;
  receiptsSinceMs?: number | undefined;
  limit: number;
};

export type MailboxPort = {
  ask(question: PageQuestion): Promise<{ head: SyncPageHead; bodies: Uint8Array[] }>;
  send(type: StoredType | 'sync_page', frame: Uint8Array): void;
  bufferedBytes(): number;
  /** False while this process has no bandwidth left; `continue` is called when it is this connection's turn. */
  mayTake(): boolean;
};

type Push = { type: StoredType; frame: Uint8Array };

export type MailboxMode = 'idle' | 'catch-up' | 'live';

/**
 * Brings one device's mailbox to its connection, in order and without gaps.
 *
 * IDLE      the client has not sent `resume`; nothing is sent.
 * CATCH-UP  pages are pulled from delivery as fast as the client acknowledges and its socket drains; pushes only
 *           update the known head. Left when a page says that there is no more.
 * LIVE      pushes are sent as they come, if next in sequence. A gap, a full socket, 256 unacknowledged messages
 *           or exhausted bandwidth lead back to CATCH-UP.
 *
 * No buffer is unbounded: what does not fit now stays in Postgres.
 */
export class Mailbox {
  readonly #port: MailboxPort;
  #mode: MailboxMode = 'idle';
  /** Everything up to here was written to the socket, without gaps. Acks beyond it are impossible. */
  #sentThrough = 0;
  #ackedThrough = 0;
  /** The highest known head of the mailbox. */
  #headSeen = 0;
  #asked: PageQuestion | undefined;
  /** `#headSeen` when the page was requested. */
  #headBefore = 0;
  /** Requested before the client started over: its answer will be ignored, but is still awaited. */
  #superseded: PageQuestion | undefined;
  /** What the next request carries besides `from`. */
  #next: Partial<PageQuestion> = {};
  /** Created when the first push is held. */
  #held: Map<number, Push> | undefined;
  #heldTimer: NodeJS.Timeout | undefined;

  constructor(port: MailboxPort) {
    this.#port = port;
  }

  get mode(): MailboxMode {
    return this.#mode;
  }

  get sentThrough(): number {
    return this.#sentThrough;
  }

  /** The client starts (or starts over) after `cursor`, which it has stored. */
  resume(cursor: number, mailboxEpoch: number | undefined, receiptsSinceMs: number | undefined): void {
    this.#startOver(cursor);
    this.#ackedThrough = cursor;
    this.#next = { ack: true, mailboxEpoch, receiptsSinceMs };
    this.continue();
  }

  /** The client found a gap after `from`. */
  sync(from: number): void {
    if (this.#mode === 'idle') return;
    this.#startOver(Math.min(from, this.#sentThrough));
    this.continue();
  }

  /** This gateway found a gap, or may have missed something. */
  catchUp(): void {
    if (this.#mode === 'idle') return;
    this.#restart(this.#sentThrough);
    this.continue();
  }

  /** The device has stored everything up to `through`. Returns what may be passed on: never more than was sent. */
  acknowledged(through: number): number {
    // Until the first page, only the client vouches for `#sentThrough`.
    const accepted = this.#next.ack ? 0 : Math.min(through, this.#sentThrough);
    this.#ackedThrough = Math.max(this.#ackedThrough, accepted);
    this.continue();
    return accepted;
  }

  /** A push arrived. `makeFrame` is called only if it is sent or held. */
  push(seq: number, type: StoredType, makeFrame: () => Uint8Array): void {
    this.#headSeen = Math.max(this.#headSeen, seq);
    if (this.#mode !== 'live' || seq <= this.#sentThrough) return;
    if (this.#isFull()) return this.catchUp();
    if (seq > this.#sentThrough + 1) return this.#hold(seq, { type, frame: makeFrame() });
    this.#send(seq, { type, frame: makeFrame() });
    this.#releaseHeld();
  }

  /** The mailbox reportedly reaches `seq`. */
  reaches(seq: number): void {
    this.#headSeen = Math.max(this.#headSeen, seq);
    if (this.#mode === 'live' && seq > this.#sentThrough) this.catchUp();
  }

  /** Requests the next page if there is reason and room. The sweep calls it again, so a lost answer only delays. */
  continue(): void {
    if (this.#mode !== 'catch-up' || this.#asked || this.#superseded) return;
    const room = UNACKED_WINDOW - (this.#sentThrough - this.#ackedThrough);
    if (room <= 0 || this.#port.bufferedBytes() > LOW_WATER_BYTES || !this.#port.mayTake()) return;
    const question = {
      ack: false,
      ...this.#next,
      from: this.#sentThrough,
      limit: Math.min(room, SYNC_PAGE_ITEMS),
    };
    this.#asked = question;
    this.#headBefore = this.#headSeen;
    this.#port.ask(question).then(
      (page) => this.#onPage(question, page.head, page.bodies),
      () => {
        // No answer in time, or Redis is down: the sweep asks again.
        if (this.#asked === question) this.#asked = undefined;
        if (this.#superseded === question) this.#superseded = undefined;
      },
    );
  }

  stop(): void {
    this.#mode = 'idle';
    this.#dropHeld();
  }

  #onPage(question: PageQuestion, head: SyncPageHead, bodies: Uint8Array[]): void {
    if (this.#superseded === question) {
      this.#superseded = undefined;
      return this.continue();
    }
    if (this.#asked !== question) return;
    this.#asked = undefined;
    if (this.#mode !== 'catch-up') return;
    this.#next = {};
    const isNews = head.items.length > 0 || question.ack || head.through !== this.#sentThrough;
    this.#sentThrough = head.through;
    // A cursor unknown to the server (another epoch, a restored backup) is corrected by the page.
    if (question.ack) this.#ackedThrough = Math.min(this.#ackedThrough, head.through);
    if (isNews) this.#port.send('sync_page', pageFrame(head, bodies));
    // A push may announce a message newer than this page; but a page that adds nothing is final for what was known
    // when it was requested.
    const isNothing = head.through === question.from && this.#headSeen === this.#headBefore;
    const isLast = this.#headSeen <= head.through || isNothing;
    if (!head.more && isLast) this.#mode = 'live';
    else this.continue();
  }

  /** At the client's request. One request at a time, because a few bytes from a client make delivery read a page. */
  #startOver(from: number): void {
    const open = this.#asked ?? this.#superseded;
    this.#restart(from);
    this.#superseded = open;
  }

  #restart(from: number): void {
    this.#mode = 'catch-up';
    this.#sentThrough = from;
    this.#asked = undefined;
    this.#superseded = undefined;
    this.#dropHeld();
  }

  #isFull(): boolean {
    return (
      this.#port.bufferedBytes() > HIGH_WATER_BYTES ||
      this.#sentThrough - this.#ackedThrough >= UNACKED_WINDOW ||
      !this.#port.mayTake()
    );
  }

  #send(seq: number, { type, frame }: Push): void {
    this.#sentThrough = seq;
    this.#port.send(type, frame);
  }

  #hold(seq: number, push: Push): void {
    this.#held ??= new Map();
    if (this.#held.size === MAX_HELD) return this.catchUp();
    this.#held.set(seq, push);
    this.#heldTimer ??= setTimeout(() => this.catchUp(), HELD_MS);
  }

  #releaseHeld(): void {
    const held = this.#held;
    if (held === undefined) return;
    for (let next = held.get(this.#sentThrough + 1); next; next = held.get(this.#sentThrough + 1)) {
      held.delete(this.#sentThrough + 1);
      this.#send(this.#sentThrough + 1, next);
    }
    if (held.size === 0) this.#dropHeld();
  }

  #dropHeld(): void {
    if (this.#held === undefined) return;
    clearTimeout(this.#heldTimer);
    this.#heldTimer = undefined;
    this.#held = undefined;
  }
}
