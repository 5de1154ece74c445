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
  /** False while there is no connection. */
  transmit(frame: Uint8Array): boolean;
  /** It went out, and not for the first time. */
  repeated?(item: Outgoing): void;
  stored(item: Outgoing, ack: Downstream<'ack'>): void;
  refused(item: Outgoing, error: Downstream<'error'>): void;
  /** Nothing is sent until `keysChanged` says that somebody has committed. */
  commitRequired?(error: Downstream<'error'>): void;
};

/** Sent and not answered, per conversation; the gateway stops reading a socket at 64. */
const WINDOW = 32;

/**
 * The outbox of one conversation, in order. Bytes stay the same until an answer to that very id (SEQ_GAP,
 * STALE_EPOCH) allows others. After such an answer, a missing one or a lost connection it goes back to the
 * oldest message in question and sends from there on, so the server sees each sender's messages in order.
 */
export class Lane {
  epoch = 0;
  generation = 0;
  /** The server has said that a commit comes first. */
  #isHeld = false;
  readonly #queue: Outgoing[] = [];
  readonly #events: LaneEvents;
  readonly #ackTimeoutMs: number;
  #nextClientSeq = 1;
  #lastStored = 0;
  /** The last number that we went back to. */
  #wentBackTo: number | undefined;
  /** When the oldest transmission of its time was answered. */
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

  /** A message that takes the next place of this sender; `seal` makes its frame for any place. */
  addSealed(id: string, seal: NonNullable<Outgoing['seal']>): Promise<Downstream<'ack'>> {
    const clientSeq = this.#nextClientSeq++;
    return this.#add({
      id,
      seal,
      clientSeq,
      epoch: this.epoch,
      frame: seal({ clientSeq, epoch: this.epoch, generation: this.generation }),
    });
  }

  /** A message of fixed bytes outside the sequence. */
  addFixed(id: string, frame: Uint8Array): Promise<Downstream<'ack'>> {
    return this.#add({ id, seal: undefined, clientSeq: 0, epoch: 0, frame });
  }

  #add(item: Pick<Outgoing, 'id' | 'seal' | 'clientSeq' | 'epoch' | 'frame'>): Promise<Downstream<'ack'>> {
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

  /** The server knows none of our operations of a later version; it will not say which it meant. */
  operationsUnknown(error: Downstream<'error'>): void {
    for (const item of this.#queue.filter(({ seal, sentAtMs }) => !seal && sentAtMs !== undefined))
      this.#giveUp(item, error);
  }

  /** A new connection: everything that has no answer goes out again. */
  reconnected(): void {
    this.#wentBackTo = undefined;
    for (const item of this.#queue) item.sentAtMs = undefined;
    this.#planFlush();
  }

  /** True when the ack was for a message of this lane. */
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

  /** True when the error was about a message of this lane. */
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

  /** Forgets everything; nobody will ever know. Returns what was waiting. */
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

  /** The keys are others by now; what waited for that goes on. */
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
   * A message that was sent twice is refused twice, and the first refusal has changed it already. What is under way now may
   * be stored: with other bytes under its id once more it would be refused for good.
   */
  #isAboutEarlierForm(item: Outgoing, error: Downstream<'error'>): boolean {
    if (item.sentAtMs === undefined || error.epoch === undefined || item.epoch !== this.epoch) return false;
    const isNamed = error.epoch === this.epoch && (error.generation ?? 0) === this.generation;
    if (error.error_code === 'STALE_EPOCH') return isNamed;
    return error.error_code === 'COMMIT_REQUIRED' && !isNamed && error.epoch < this.epoch;
  }

  /**
   * The server waits for `expected`. If we still have that message, its transmission was lost and all behind it
   * were in vain. If not, it was refused and took no number: those behind it move up, as far as they may be
   * sealed anew. All that was under way gives this same answer, so it is acted upon once; if the repetition is
   * lost as well, the timer notices.
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

  /** A refused message takes no number, so the numbers go on from the last one that is still on its way. */
  #lastQueued(): number {
    return this.#queue.findLast(({ seal }) => seal !== undefined)?.clientSeq ?? this.#lastStored;
  }

  #reseal(item: Outgoing, clientSeq: number): void {
    if (!item.seal) return;
    item.clientSeq = clientSeq;
    item.epoch = this.epoch;
    item.frame = item.seal({ clientSeq, epoch: this.epoch, generation: this.generation });
    item.sentAtMs = undefined;
  }

  #giveUp(item: Outgoing, error: Downstream<'error'>): void {
    this.#remove(item);
    this.#events.refused(item, error);
    item.settle.reject(new SendRefused(error));
    this.#nextClientSeq = this.#lastQueued() + 1;
  }

  /** The message that an answer names, if it is one of ours. */
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

  /** Several answers often come in one turn; what they ask for goes out once. */
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
      // these bytes may be stored now
      item.refused = undefined;
      if (++item.transmissions > 1) this.#events.repeated?.(item);
    }
  }

  /**
   * The oldest transmission has the timer, from its sending or from the answer to the one before it, whichever is later. Answers to
   * those behind it say nothing about it: that an operation was lost shows by nothing else, as it is outside the sequence.
   * When it is due, everything under way counts as lost.
   */
  #setAckTimer(): void {
    clearTimeout(this.#ackTimer);
    const sentAtMs = this.#oldestOnItsWay()?.sentAtMs;
    if (sentAtMs === undefined) return;
    const waitedMs = performance.now() - Math.max(sentAtMs, this.#progressAtMs);
    this.#ackTimer = setTimeout(() => this.reconnected(), Math.max(0, this.#ackTimeoutMs - waitedMs));
  }
}
