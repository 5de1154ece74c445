import {
  ACK_TIMEOUT_MS,
  DEFAULT_RETRY_POLICY,
  type Downstream,
  type ErrorName,
  errors,
  retryDelayMs,
} from '@securechat/protocol';
import { type Outgoing, SendRefused } from './outgoing.ts';

export type LaneEvents = {
  /** Returns false without a connection. */
  transmit(frame: Uint8Array): boolean;
  /** It was sent again. */
  repeated?(item: Outgoing): void;
  stored(item: Outgoing, ack: Downstream<'ack'>): void;
  refused(item: Outgoing, error: Downstream<'error'>): void;
  /** Nothing is sent until `keysChanged` reports that somebody has committed. */
  commitRequired?(error: Downstream<'error'>): void;
};

/** Sent but unanswered, per conversation; the gateway stops reading a socket at 64. */
const WINDOW = 32;

/**
 * The outbox of one conversation, in order. Bytes stay the same until an answer to that very id (SEQ_GAP, STALE_EPOCH) allows others.
 * After such an answer, a missing one or a lost connection it goes back to the oldest message concerned and sends from there on, so that
 * the server sees each sender's messages in order.
 */
export class Lane {
  epoch = 0;
  generation = 0;
  /** The server demands a commit first. */
  #isHeld = false;
  readonly #queue: Outgoing[] = [];
  readonly #events: LaneEvents;
  readonly #ackTimeoutMs: number;
  #nextClientSeq = 1;
  #lastStored = 0;
  /** The last number we went back to. */
  #wentBackTo: number | undefined;
  /** When the oldest transmission at that time was answered. */
  #progressAtMs = 0;
  #holdTimer: NodeJS.Timeout | undefined;
  #ackTimer: NodeJS.Timeout | undefined;
  #flushPlanned = false;

  constructor(events: LaneEvents, options: { ackTimeoutMs?: number } = {}) {
    this.#events = events;
    this.#ackTimeoutMs = options.ackTimeoutMs ?? ACK_TIMEOUT_MS;
  }

  get waiting(): readonly Outgoing[] {
    return this.#queue;
  }

  /** A message that takes the sender's next number; `seal` makes its frame for any number. */
  addSealed(id: string, seal: NonNullable<Outgoing['seal']>): Promise<Downstream<'ack'>> {
    const clientSeq = this.#nextClientSeq++;
    return this.#add({
      id,
      seal,
      clientSeq,
      ...{ epoch: this.epoch, generation: this.generation },
      frame: seal({ clientSeq, epoch: this.epoch, generation: this.generation }),
    });
  }

  /** A message of fixed bytes outside the numbering. */
  addFixed(id: string, frame: Uint8Array): Promise<Downstream<'ack'>> {
    return this.#add({ id, seal: undefined, clientSeq: 0, epoch: 0, generation: 0, frame });
  }

  #add(
    item: Pick<Outgoing, 'id' | 'seal' | 'clientSeq' | 'epoch' | 'generation' | 'frame'>,
  ): Promise<Downstream<'ack'>> {
    const settle = Promise.withResolvers<Downstream<'ack'>>();
    this.#queue.push({
      ...item,
      refused: undefined,
      sentAtMs: undefined,
      transmissions: 0,
      refusals: 0,
      settle,
    });
    this.#planFlush();
    return settle.promise;
  }

  /** The server does not know our later operations, and does not say which one it meant. */
  operationsUnknown(error: Downstream<'error'>): void {
    for (const item of this.#queue.filter(({ seal, sentAtMs }) => !seal && sentAtMs !== undefined))
      this.#giveUp(item, error);
  }

  /** A new connection: everything unanswered is sent again. */
  reconnected(): void {
    this.#wentBackTo = undefined;
    for (const item of this.#queue) item.sentAtMs = undefined;
    this.#planFlush();
  }

  /** Returns true when the ack was for a message of this lane. */
  acknowledge(ack: Downstream<'ack'>): boolean {
    const item = this.#answered(ack.ref);
    if (!item) return false;
    this.#remove(item);
    this.#lastStored = Math.max(this.#lastStored, item.clientSeq);
    this.#events.stored(item, ack);
    item.settle.resolve(ack);
    this.#planFlush();
    return true;
  }

  /** Returns true when the error was about a message of this lane. */
  refuse(error: Downstream<'error'>): boolean {
    const item = this.#answered(error.reference_id);
    if (!item) return false;
    const retry = errors[error.error_code as ErrorName]?.retry ?? 'no';
    if (retry === 'later') this.#holdAfter(item, error.retry_after_ms);
    else if (retry === 'reseal' && item.seal) this.#resealAfter(item, error);
    else this.#giveUp(item, error);
    this.#planFlush();
    return true;
  }

  /** Forgets everything; the outcome will never be known. Returns what was waiting. */
  abandon(reason: Error): Outgoing[] {
    clearTimeout(this.#holdTimer);
    clearTimeout(this.#ackTimer);
    const left = this.#queue.splice(0);
    for (const item of left) item.settle.reject(reason);
    return left;
  }

  #holdAfter(item: Outgoing, retryAfterMs: number | undefined): void {
    item.sentAtMs = undefined;
    item.refusals += 1;
    const delayMs =
      retryAfterMs ??
      retryDelayMs(DEFAULT_RETRY_POLICY, item.refusals, Math.random()) ??
      DEFAULT_RETRY_POLICY.max_delay_ms;
    clearTimeout(this.#holdTimer);
    this.#holdTimer = setTimeout(() => {
      this.#holdTimer = undefined;
      this.#planFlush();
    }, delayMs);
  }

  /** The keys have changed; resumes what waited for that. */
  keysChanged(keys: { generation: number; epoch: number }): void {
    this.epoch = keys.epoch;
    this.generation = keys.generation;
    this.#isHeld = false;
    for (const item of this.#queue) if (item.refused === 'form') this.#reseal(item, item.clientSeq);
    this.#planFlush();
  }

  #resealAfter(item: Outgoing, error: Downstream<'error'>): void {
    if (this.#isAboutEarlierForm(item, error)) return;
    if (error.error_code !== 'SEQ_GAP') item.refused = 'form';
    else item.refused ??= 'place';
    if (error.error_code === 'COMMIT_REQUIRED') {
      item.sentAtMs = undefined;
      const isNew = !this.#isHeld && error.epoch === this.epoch;
      if (isNew) this.#isHeld = true;
      if (isNew) this.#events.commitRequired?.(error);
      else if (!this.#isHeld) this.#reseal(item, item.clientSeq);
      return;
    }
    if (error.epoch !== undefined) {
      this.epoch = error.epoch;
      this.generation = error.generation ?? 0;
      this.#reseal(item, item.clientSeq);
    }
    if (error.expected !== undefined) this.#goBackTo(Math.max(error.expected, this.#lastStored + 1));
  }

  /**
   * A message sent twice is refused twice, and the first refusal has already changed it. The present form may get stored, also when its
   * time for an answer has run out: sent again with other bytes under its id, it would be refused for good. Keys only move forward, so
   * the epoch says which form was meant.
   */
  #isAboutEarlierForm(item: Outgoing, error: Downstream<'error'>): boolean {
    if (error.epoch === undefined) return false;
    const named = { generation: error.generation ?? 0, epoch: error.epoch };
    if (error.error_code === 'STALE_EPOCH') return !isLater(named, item);
    return error.error_code === 'COMMIT_REQUIRED' && isLater(item, named);
  }

  /**
   * The server is waiting for `expected`. If we still have that message, its transmission was lost, and all after it were in vain. If
   * not, it was refused and used no number: those after it move up, as far as they may be resealed. Everything in flight gets the same
   * answer, so it is acted on once; if the repetition is lost too, the timer notices.
   */
  #goBackTo(expected: number): void {
    let next = expected;
    for (const candidate of this.#queue.filter(({ seal }) => seal !== undefined)) {
      if (candidate.clientSeq !== next) {
        if (candidate.refused === undefined) break;
        this.#reseal(candidate, next);
      }
      next = candidate.clientSeq + 1;
    }
    this.#nextClientSeq = this.#lastQueued() + 1;
    if (this.#wentBackTo === expected) return;
    this.#wentBackTo = expected;
    for (const behind of this.#queue) behind.sentAtMs = undefined;
  }

  /** A refused message uses no number, so numbering continues from the last one still queued. */
  #lastQueued(): number {
    return this.#queue.findLast(({ seal }) => seal !== undefined)?.clientSeq ?? this.#lastStored;
  }

  #reseal(item: Outgoing, clientSeq: number): void {
    if (!item.seal) return;
    item.clientSeq = clientSeq;
    item.epoch = this.epoch;
    item.generation = this.generation;
    item.frame = item.seal({ clientSeq, epoch: this.epoch, generation: this.generation });
    item.sentAtMs = undefined;
  }

  #giveUp(item: Outgoing, error: Downstream<'error'>): void {
    this.#remove(item);
    this.#events.refused(item, error);
    item.settle.reject(new SendRefused(error));
    this.#nextClientSeq = this.#lastQueued() + 1;
  }

  /** The message an answer refers to, if it is one of ours. */
  #answered(id: string | undefined): Outgoing | undefined {
    const item = this.#queue.find((candidate) => candidate.id === id);
    if (item && item === this.#oldestOnItsWay()) this.#progressAtMs = performance.now();
    return item;
  }

  #oldestOnItsWay(): Outgoing | undefined {
    return this.#queue.find(({ sentAtMs }) => sentAtMs !== undefined);
  }

  #remove(item: Outgoing): void {
    this.#queue.splice(this.#queue.indexOf(item), 1);
  }

  /** Several answers often arrive in one turn; what they ask for is sent once. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    setImmediate(() => {
      this.#flushPlanned = false;
      if (this.#holdTimer === undefined) this.#flush();
      this.#setAckTimer();
    });
  }

  #flush(): void {
    const sendable = this.#isHeld ? this.#queue.filter(({ seal }) => seal === undefined) : this.#queue;
    for (const item of sendable.slice(0, WINDOW)) {
      if (item.sentAtMs !== undefined) continue;
      if (!this.#events.transmit(item.frame)) return;
      item.sentAtMs = performance.now();
      // from now on these bytes may be stored at the server
      item.refused = undefined;
      if (++item.transmissions > 1) this.#events.repeated?.(item);
    }
  }

  /**
   * The timer belongs to the oldest transmission, from its sending or from the answer to the previous one, whichever is later. Answers to
   * later ones say nothing about it: only this shows that an operation, which is outside the numbering, was lost. When it fires,
   * everything in flight counts as lost.
   */
  #setAckTimer(): void {
    clearTimeout(this.#ackTimer);
    const sentAtMs = this.#oldestOnItsWay()?.sentAtMs;
    if (sentAtMs === undefined) return;
    const waitedMs = performance.now() - Math.max(sentAtMs, this.#progressAtMs);
    this.#ackTimer = setTimeout(() => this.reconnected(), Math.max(0, this.#ackTimeoutMs - waitedMs));
  }
}

type Keys = { generation: number; epoch: number };

const isLater = (one: Keys, other: Keys): boolean =>
  one.generation > other.generation || (one.generation === other.generation && one.epoch > other.epoch);
